"""A small round with something of everything, judged honestly and locked: the forgeries of `bench.tamper` begin here.

Two layers drawn by layer, dead neurons, repeats, planted items, a purity ladder, practice, aids, flags, guesses,
changed verdicts, "cannot judge", an exposed evaluator, and one whose data were erased; a public value completed the
seed.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.evidence.signing import SigningKey
from app.foundation.codes import random_token
from app.foundation.digest import sha256
from app.foundation.json_types import JsonObject
from app.foundation.paths import resource_folder
from app.judging.answer import Answer, PageTiming
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.cell import Cell
from app.rounds.control_counts import Controls
from app.rounds.design import Design
from app.rounds.exclusions import Exclusions
from app.rounds.planned_numbers import PlannedNumbers
from app.services import blinding_question, draws, evaluator_session, item_pages, judging, own_data, rounds, seals
from app.services.aids_keys import AidsKeys
from app.services.item_pages import ItemPage
from app.services.keyholders import name_and_prove, new_key
from app.services.log import round_events
from app.services.round_keys import RoundKeys
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.schema import migrate
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages

ADMIN = "Dag"
TITLE = "A first look"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
MODELS = {"baseline": "2L-gelu", "solu": "2L-solu_ln"}
"""{arm: a pair of the models that come with First Glance}."""
PUBLIC_NAME, PUBLIC_VALUE = "the beacon's pulse of 5 January, noon", "0f" * 64
EXPOSED, HASTY, LEAVING = "Bo", "Cy", "Di"
"""Evaluators who knew the models; who flags, changes and gives up; whose data are erased."""
FEW_DRAWS = PlannedNumbers(shuffles=199, bootstrap_draws=100, guess_draws=100)
"""The result is computed thousands of times here, so it is computed with few draws."""
NAMES = ("Ada", EXPOSED, HASTY, LEAVING)


@dataclass(frozen=True)
class HonestRound:
    """A locked round, and what was published of it."""

    database: Path
    """The SQLite file, as it is after the lock."""
    data: Path
    """The server's data folder, with the round's key."""
    round_id: str
    identity: str
    """A keyholder's secret key."""
    recipients: tuple[str, str]
    commitment: str
    lock: str
    """The chain digest of the log's entry of the lock."""
    locked_at: datetime

    @property
    def signing_key(self) -> SigningKey:
        """Both halves of the key that signs receipts and exports: whoever owns the server has it."""
        return RoundKeys.in_data_folder(self.data).made_or_read(self.round_id)


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def move(self, seconds: float) -> None:
        """Let time pass."""
        self.time += timedelta(seconds=seconds)


def harvest_small_archives(folder: Path) -> dict[str, Archive]:
    """{arm: archive} of a pair of the demo's models, over so little text that many neurons are dead."""
    from app.harvest.harvests import harvest_pair
    from app.harvest.options import HarvestOptions
    from app.models.model_folder import load_model

    models = {name: load_model(resource_folder("demo") / name) for name in MODELS.values()}
    options = HarvestOptions(tokens=400, window=40, overlap=8, k=6).top_only()
    pair = harvest_pair(models, "stdlib", folder / "archives", options)
    return {arm: pair[name] for arm, name in MODELS.items()}


def lock_honest_round(
    folder: Path, archives: dict[str, Archive], neuron_count: int = 6, task_fields: JsonObject | None = None
) -> HonestRound:
    """Create, seal, open, judge and lock the round in a database of its own below `folder`.

    The draw is always the same; codes, orders and keys are not. `task_fields` make it a round of another task.
    """
    clock, path, data = Clock(), folder / "locked.db", folder / "data"
    keys = (new_key(), new_key())
    recipients = (keys[0].recipient, keys[1].recipient)
    migrate(f"sqlite:///{path}")
    with closing(Database(f"sqlite:///{path}")) as database:
        design = small_design(archives, neuron_count)
        if task_fields:
            design = design.with_changes(controls=Controls(), training=0, **task_fields)
        round_id = _open_round(database, design, archives, data, [key.identity for key in keys], clock)
        for name in NAMES:
            _judge_as(database, round_id, name, AidsKeys.in_data_folder(data), clock)
        clock.move(60)
        with database.writing() as session:
            rounds.lock_round(session, round_id, ADMIN, clock())
        with database.reading() as session:
            events = round_events(session, round_id)
    sealed = next(event for event in events if event.action == "sealed")
    commitment, lock = str(sealed.detail["commitment"]), events[-1].chain
    return HonestRound(path, data, round_id, keys[0].identity, recipients, commitment, lock, clock())


def small_design(archives: dict[str, Archive], neuron_count: int) -> Design:
    """The design of the round."""
    return Design(
        title=TITLE,
        arms=tuple(Cell(arm=arm, archive_sha256=archive.sha256) for arm, archive in archives.items()),
        reference=next(iter(archives)),
        neurons=neuron_count,
        by_layer="stratified",
        seed_rule="public",
        groups={"top": 3},
        evaluators=len(NAMES) - 1,
        repeats=2,
        repeat_distance=2,
        controls=Controls(planted=2, ladder=(0.75,), per_step=1),
        training=1,
        blinding_question="which_model",
        exclusions=Exclusions(largest_cannot_judge=0.05, shortest_median_seconds=5.0),
        aids=True,
        analysis=STANDARD_PLAN.model_copy(update={"numbers": FEW_DRAWS}),
    )


def _open_round(
    database: Database,
    design: Design,
    archives: dict[str, Archive],
    data: Path,
    identities: Sequence[str],
    clock: Clock,
) -> str:
    paths = {archive.sha256: archive.path for archive in archives.values()}
    entropy = Random(2).randbytes
    with database.writing() as session:
        add_admin(session, ADMIN, "no password opens this", clock())
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
        draws.announce_draw(
            session, round_id, PUBLIC_NAME, data, ADMIN, clock(), entropy, value_length=len(PUBLIC_VALUE)
        )
        clock.move(3600)
        options = seals.SealOptions(
            RoundKeys.in_data_folder(data).made_or_read(round_id).public_key,
            AidsKeys.in_data_folder(data).made_or_read(round_id),
            measure=response_sizes,
            public_value=PUBLIC_VALUE,
            data_folder=data,
            entropy=entropy,
        )
        name_and_prove(session, round_id, identities, ADMIN, clock())
        seals.seal_round(session, round_id, render_passages, ADMIN, clock(), options)
        rounds.open_round(session, round_id, ADMIN, clock())
    return round_id


def _judge_as(database: Database, round_id: str, name: str, aids_keys: AidsKeys, clock: Clock) -> None:
    """Invite an evaluator and judge everything as them, one transaction for all: nothing here is to be killed."""
    token = random_token()
    with database.writing() as session:
        invitation = rounds.invite_evaluator(session, round_id, name, name == EXPOSED, ADMIN, clock())
        evaluator_session.join_round(session, invitation.token, token, clock())
        evaluator_session.record_consent(session, token, clock())
        _answer_questions(session, token, name, aids_keys, clock)
        if name == LEAVING:
            own_data.erase_own_data(session, token, clock())
        elif name == EXPOSED:
            _answer_blinding_question(session, token, clock)


def _answer_questions(session: Session, token: str, name: str, aids_keys: AidsKeys, clock: Clock) -> None:
    number = 0
    while (page := _due_page(session, token)) is not None:
        number += 1
        if name == LEAVING and number > 5:
            return
        clock.move(20 + number % 7)
        visit = evaluator_session.visit_for_writing(session, token)
        code, is_new = page.due.item_code, page.due.asks == "verdict"
        if is_new and name == HASTY and number in (13, 20):
            judging.flag_item(session, visit, judging.FlagReport(code, "fault", "nothing is marked"), clock())
            continue
        if visit.design.aids and not is_new and name == EXPOSED and number % 8 == 0 and not page.is_practice:
            judging.open_aids(session, visit, code, aids_keys, clock())
        timing = PageTiming(elapsed_seconds=18.0, attentive_seconds=15.0 + number % 5, delay_seconds=0.5)
        judging.record_answer(session, visit, _answer(page, name, number), timing, clock())
        if name == HASTY and number == 20:
            _change_last_verdict(session, token, clock)


def _due_page(session: Session, token: str) -> ItemPage | None:
    return item_pages.due_item_page(session, evaluator_session.visit_by_session(session, token))


def _change_last_verdict(session: Session, token: str, clock: Clock) -> None:
    clock.move(4)
    visit = evaluator_session.visit_for_writing(session, token)
    worklist = item_pages.visitor_worklist(session, visit)
    question = worklist.change_of_verdict(worklist.changeable_item_before(None) or "")
    assert question is not None
    assert question.standing_answer is not None
    offered = visit.design.offered_answers
    flipped = offered[1] if question.standing_answer.verdict == offered[0] else offered[0]
    answer = Answer(question.item_code, question.answer_id, "verdict", flipped)
    judging.record_answer(session, visit, answer, PageTiming(), clock())


def _answer(page: ItemPage, name: str, number: int) -> Answer:
    due = page.due
    if due.asks == "hypothesis":
        return Answer(
            due.item_code, due.answer_id, "hypothesis", hypothesis=f"rule {number}", confidence=1 + number % 5
        )
    verdict = verdict_on(due.item_code, name, number, page.visit.design.offered_answers)
    return Answer(due.item_code, due.answer_id, "verdict", verdict)


def verdict_on(item_code: str, name: str, number: int, offered: Sequence[str]) -> str:
    """A verdict that depends mostly on the item, and a little on who judges."""
    if name == HASTY and number == 9:
        return "cannot_judge"
    agreeing = int(sha256(item_code.encode())[0], 16) < 8
    dissenting = int(sha256(f"{item_code}{name}".encode())[0], 16) < 3
    return offered[0 if agreeing != dissenting else 1]


def _answer_blinding_question(session: Session, token: str, clock: Clock) -> None:
    blinding_question.begin_blinding_question(session, token)
    visit = evaluator_session.visit_by_session(session, token)
    while (page := blinding_question.due_guess_page(session, visit)) is not None:
        clock.move(5)
        options = page.guess_options
        guess = options[int(sha256(page.due.item_code.encode())[0], 16) % len(options)]
        visit = evaluator_session.visit_for_writing(session, token)
        blinding_question.record_guess(session, visit, page.due.item_code, guess, clock())
