"""The forgeries that reviewers made or could have made of the database after the lock, by name."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.foundation.digest import canonical_bytes
from app.foundation.json_types import JsonObject
from app.store.tables import AssignmentRow, ChainEntryRow, EvaluatorRow, EventRow, ItemRow, RoundRow
from bench.answers import first_answer, is_second
from bench.forged_database import commit_again, open_seal, rewrite_chains, rewrite_lock, rewrite_log
from bench.honest_round import ADMIN, EXPOSED, HASTY, HonestRound

ForgeRows = Callable[[Session], None]
FLAG_COUNT = 200


class DatabaseForgery(NamedTuple):
    """A forgery of rows, and of everything above them as deep as asked."""

    table: str
    forge_rows: ForgeRows
    forge_seal: Callable[[JsonObject], None] | None = None
    """How the opened seal is changed, if it is; a keyholder helps to seal it again."""

    def forge(self, session: Session, honest: HonestRound, depth: str) -> None:
        """Change the rows, and make everything above them fit."""
        self.forge_rows(session)
        session.flush()
        if self.forge_seal is not None:
            seal = open_seal(session, honest)
            self.forge_seal(seal)
            commit_again(session, honest, seal)
        elif depth == "commitment":
            commit_again(session, honest)
        if depth != "value":
            rewrite_chains(session, honest.round_id)
        if depth in ("lock and log", "commitment"):
            rewrite_lock(session, honest.round_id)
        if depth != "value":
            rewrite_log(session, honest.round_id)


def _flag_many(session: Session) -> None:
    """Two hundred flags: they once moved both arms to 90 %."""
    judgments = session.scalars(select(ChainEntryRow).where(ChainEntryRow.kind == "judgment")).all()
    for number in range(FLAG_COUNT):
        judged = judgments[number % len(judgments)]
        content = {
            name: value for name, value in json.loads(judged.content).items() if name in ("v", "evaluator", "item")
        }
        content |= {"kind": "flag", "reason": "fault", "comment": "", "number": 1000 + number}
        content["at"] = json.loads(judged.content)["at"]
        session.add(
            ChainEntryRow(
                evaluator_id=judged.evaluator_id,
                number=1000 + number,
                round_id=judged.round_id,
                kind="flag",
                item=judged.item,
                at=judged.at,
                content=canonical_bytes(content).decode(),
                chain="0" * 64,
            )
        )


def _in_contents(change_entry: Callable[[JsonObject], None]) -> ForgeRows:
    """Change the content of every judgment, and its columns with it."""

    def forge(session: Session) -> None:
        for row in session.scalars(select(ChainEntryRow).where(ChainEntryRow.kind == "judgment")):
            entry: JsonObject = json.loads(row.content)
            change_entry(entry)
            row.content = canonical_bytes(entry).decode()
            row.verdict, row.active_seconds = entry["verdict"], entry["active_seconds"]  # type: ignore[assignment]

    return forge


def _change_columns_alone(session: Session) -> None:
    for row in session.scalars(select(ChainEntryRow).where(ChainEntryRow.kind == "judgment")):
        row.verdict = first_answer(row.verdict or "")


def _drop_judgments(session: Session) -> None:
    for row in _rows_of_second_answers(session):
        session.delete(row)


def _rows_of_second_answers(session: Session) -> list[ChainEntryRow]:
    return [row for row in session.scalars(select(ChainEntryRow)) if is_second(row.verdict)]


def _in_evaluator(name: str, change_row: Callable[[EvaluatorRow], None]) -> ForgeRows:
    return lambda session: change_row(session.scalars(select(EvaluatorRow).where(EvaluatorRow.name == name)).one())


def _rename(evaluator: EvaluatorRow) -> None:
    evaluator.name = "Professor X"


def _turn_exposure(evaluator: EvaluatorRow) -> None:
    evaluator.exposed = not evaluator.exposed


def _erase_evaluator(session: Session) -> None:
    row = session.scalars(select(EvaluatorRow).where(EvaluatorRow.name == HASTY)).one()
    row.erased_at = row.consented_at
    _add_event(session, "erased", {"evaluator": row.name}, "locked")


def _exchange_names(session: Session) -> None:
    rows = [session.scalars(select(EvaluatorRow).where(EvaluatorRow.name == name)).one() for name in (EXPOSED, HASTY)]
    for row, name in zip(rows, ("one", "two"), strict=True):
        row.name = name
    session.flush()
    rows[0].name, rows[1].name = HASTY, EXPOSED


def _reverse_orders(session: Session) -> None:
    for row in session.scalars(select(AssignmentRow)):
        row.position = 1000 - row.position


def _drop_assignments(session: Session) -> None:
    for row in session.scalars(select(AssignmentRow)).all()[:20]:
        session.delete(row)


def _change_title(session: Session) -> None:
    session.scalars(select(RoundRow)).one().title = "SoLU wins"


def _in_design(change_design: Callable[[JsonObject], None]) -> ForgeRows:
    def forge(session: Session) -> None:
        row = session.scalars(select(RoundRow)).one()
        design_content: JsonObject = json.loads(row.design)
        change_design(design_content)
        row.design = canonical_bytes(design_content).decode()

    return forge


def _fade_marks(session: Session) -> None:
    for row in session.scalars(select(ItemRow)):
        content = json.loads(row.content)
        for passage in content["passages"]:
            passage["levels"] = [min(level, 1) for level in passage["levels"]]
        row.content = canonical_bytes(content).decode()


def _make_practice_count(session: Session) -> None:
    for row in session.scalars(select(ItemRow).where(ItemRow.training)):
        row.training = False


def _break_the_blind(session: Session) -> None:
    _add_event(session, "archives browsed", {"why": "curiosity"})


def _count_draws(session: Session) -> None:
    begun = session.scalars(select(EventRow).where(EventRow.action == "seal begun")).one()
    _add_event(session, "seal begun", begun.detail | {"number": 7})


def _call_an_invitation_the_seal(session: Session) -> None:
    session.scalars(select(EventRow).where(EventRow.action == "invited")).first().action = "sealed"  # type: ignore[union-attr]


def _carry_flags_over(session: Session) -> None:
    rows = _rows_of_second_answers(session)
    names = {row.id: row.name for row in session.scalars(select(EvaluatorRow))}
    flags = [{"evaluator": names[row.evaluator_id], "item": row.item, "reason": "fault", "comment": ""} for row in rows]
    _add_event(session, "carried over", cast("JsonObject", {"flags": flags}))


def _add_event(session: Session, action: str, detail: JsonObject, before: str = "") -> None:
    """Put an event at the end of the log, or before the event with the action `before`."""
    events = session.scalars(select(EventRow).order_by(EventRow.number.desc())).all()
    last = events[0]
    number = last.number + 1
    for event in events:
        if before and event.number >= next(row.number for row in events if row.action == before):
            event.number, number = event.number + 1, event.number
            session.flush()
    row = EventRow(round_id=last.round_id, number=number, at=last.at + timedelta(0), actor=ADMIN, action=action)
    row.detail, row.version, row.program, row.chain = detail, last.version, last.program, "0" * 64
    session.add(row)
    session.flush()


def _change_nothing(session: Session) -> None:
    """The rows stay; the seal is changed."""


def _exchange_arms(seal: JsonObject) -> None:
    exchanged = {"solu": "baseline", "baseline": "solu"}
    allocation = cast("dict[str, list[JsonObject]]", seal["allocation"])
    for allocated in [*allocation["items"], *allocation["cells"]]:
        allocated["arm"] = exchanged[str(allocated["arm"])]


def _set_dead_to_zero(seal: JsonObject) -> None:
    for cell in cast("dict[str, list[JsonObject]]", seal["allocation"])["cells"]:
        cell |= {"dead": 0, "dead_neurons": [], "layers": []}


def _set_other_seed(seal: JsonObject) -> None:
    seal["seed"] = "5e" * 32


DATABASE_FORGERIES: dict[str, DatabaseForgery] = {
    "200 flags in the database": DatabaseForgery("chain_entries", _flag_many),
    "verdict columns in the database": DatabaseForgery("chain_entries", _change_columns_alone),
    "verdicts in the database": DatabaseForgery(
        "chain_entries", _in_contents(lambda entry: entry.update(verdict=first_answer(str(entry["verdict"]))))
    ),
    "seconds in the database": DatabaseForgery(
        "chain_entries", _in_contents(lambda entry: entry.update(active_seconds=5.0))
    ),
    "hypotheses in the database": DatabaseForgery(
        "chain_entries", _in_contents(lambda entry: entry.update(hypothesis="a very clear rule"))
    ),
    "judgments deleted from the database": DatabaseForgery("chain_entries", _drop_judgments),
    "an evaluator made exposed in the database": DatabaseForgery("evaluators", _in_evaluator(HASTY, _turn_exposure)),
    "an evaluator made naive in the database": DatabaseForgery("evaluators", _in_evaluator(EXPOSED, _turn_exposure)),
    "an evaluator erased in the database": DatabaseForgery("evaluators", _erase_evaluator),
    "an evaluator renamed in the database": DatabaseForgery("evaluators", _in_evaluator(HASTY, _rename)),
    "evaluators exchanged in the database": DatabaseForgery("evaluators", _exchange_names),
    "orders in the database": DatabaseForgery("assignments", _reverse_orders),
    "assignments deleted from the database": DatabaseForgery("assignments", _drop_assignments),
    "the title in the database": DatabaseForgery("rounds", _change_title),
    "rules in the database": DatabaseForgery(
        "rounds", _in_design(lambda design: design.update(exclusions={"largest_cannot_judge": 0.0}))
    ),
    "faked stimuli in the database": DatabaseForgery("items", _fade_marks),
    "practice counted in the database": DatabaseForgery("items", _make_practice_count),
    "blind broken in the database": DatabaseForgery("events", _break_the_blind),
    "draws counted in the database": DatabaseForgery("events", _count_draws),
    "an invitation called the seal": DatabaseForgery("events", _call_an_invitation_the_seal),
    "flags carried over in the database": DatabaseForgery("events", _carry_flags_over),
    "arms exchanged in the seal": DatabaseForgery("sealed", _change_nothing, _exchange_arms),
    "dead neurons of the seal set to 0": DatabaseForgery("sealed", _change_nothing, _set_dead_to_zero),
    "another seed in the seal": DatabaseForgery("sealed", _change_nothing, _set_other_seed),
}
