"""A round of three arms in two strata with controls, repeats and aids, sealed or half judged, and who is who in it.

The attack on the database has nothing of this but the codes; the labels are what it tries to tell.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.foundation.arrays import Ints
from app.foundation.json_types import JsonObject
from app.judging.answer import Answer, PageTiming
from app.rounds.allocation import AllocatedItem
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.services import evaluator_session, item_pages, judging, rounds, seals
from app.services.aids_keys import AidsKeys
from app.services.keyholders import name_and_prove, new_key
from app.services.round_keys import RoundKeys
from app.store.admins import add_admin
from app.store.engine import Database
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages

ADMIN = "Dag"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
EVALUATORS = ("Ada", "Bo", "Cy", "Di")
JUDGING = EVALUATORS[:2]
"""Who judges half of their items; the others have only been invited."""
AIDS_SHARE = 0.3


@dataclass(frozen=True)
class Identities:
    """Who is who in a round, in the order of codes."""

    codes: tuple[str, ...]
    classes_by_label: Mapping[str, Ints]
    """{what is to be told: class of each item [item]}."""
    repeat_pairs: Ints
    """Indices of an item and of its repeat [pair, 2]."""

    def reordered(self, order: Sequence[int]) -> "Identities":
        """The identities as if the codes had been given to the items in this order."""
        moved_to = np.argsort(order)
        classes_by_label = {name: classes[list(order)] for name, classes in self.classes_by_label.items()}
        return replace(self, classes_by_label=classes_by_label, repeat_pairs=moved_to[self.repeat_pairs])


@dataclass(frozen=True)
class AttackedRound:
    """A round that is attacked: its database, the data folder beside it, and who is who."""

    url: str
    data: Path
    round_id: str
    identities: Identities
    invitation_tokens: Mapping[str, str]
    """{pseudonym: invitation token}"""


def attacked_design(
    cell_archives: Mapping[tuple[str, str], Archive],
    neuron_count: int,
    marks: dict[str, int],
    task_fields: JsonObject | None = None,
) -> Design:
    """The design of {(arm, stratum): archive}, so many neurons per cell; `task_fields` are those of another task."""
    task_fields = task_fields or {"controls": {"planted": 8}, "training": 2}
    cells = tuple(
        Cell(arm=arm, stratum=stratum, archive_sha256=archive.sha256)
        for (arm, stratum), archive in cell_archives.items()
    )
    return Design.from_values(
        {
            "title": "A first look",
            "arms": cells,
            "reference": cells[0].arm,
            "neurons": neuron_count,
            "groups": marks,
            "evaluators": len(EVALUATORS),
            "repeats": 8,
            "aids": True,
        }
        | task_fields
    )


def seal_attacked_round(
    database: Database, data: Path, design: Design, cell_archives: Mapping[tuple[str, str], Archive], seed: int
) -> AttackedRound:
    """Create, seal and open the round, and invite its evaluators. The seed fixes draw and codes, but no key."""
    paths = {archive.sha256: archive.path for archive in cell_archives.values()}
    with database.writing() as session:
        add_admin(session, ADMIN, "no password opens this", START)
        round_id = rounds.create_round(session, design, paths, ADMIN, START)
        options = seals.SealOptions(
            RoundKeys.in_data_folder(data).made_or_read(round_id).public_key,
            AidsKeys.in_data_folder(data).made_or_read(round_id),
            measure=response_sizes,
            data_folder=data,
            entropy=Random(seed).randbytes,
        )
        name_and_prove(session, round_id, [new_key().identity for _ in range(2)], ADMIN, START)
        round_archives = seals.verified_round_archives(session, round_id)
        begun = seals.begin_seal(session, round_id, round_archives, ADMIN, START, options)
        prepared = seals.prepare_seal(begun, render_passages, options.measure)
        seals.store_seal(session, prepared, ADMIN, START, options)
        invitation_tokens = {
            name: rounds.invite_evaluator(session, round_id, name, False, ADMIN, START).token for name in EVALUATORS
        }
        rounds.open_round(session, round_id, ADMIN, START)
    identities = _identities(prepared.seal_content.allocation.items)
    return AttackedRound(database.url, data, round_id, identities, invitation_tokens)


def judge_half(database: Database, attacked: AttackedRound, seed: int) -> None:
    """Let two evaluators judge half of their items by tossing coins, and open some aids."""
    generator, now = Random(seed), START
    aids_keys = AidsKeys.in_data_folder(attacked.data)
    for name in JUDGING:
        with database.writing() as session:
            evaluator_session.join_round(session, attacked.invitation_tokens[name], name, now)
            evaluator_session.record_consent(session, name, now)
            for _ in range(len(attacked.identities.codes)):  # each item asks for a verdict and a hypothesis
                now += timedelta(seconds=generator.randrange(20, 60))
                _answer_due_question(session, name, aids_keys, generator, now)


def _answer_due_question(
    session: Session, session_token: str, aids_keys: AidsKeys, generator: Random, now: datetime
) -> None:
    visit = evaluator_session.visit_for_writing(session, session_token)
    item_page = item_pages.due_item_page(session, visit)
    assert item_page is not None  # half of the items is never all of them
    due = item_page.due
    item_pages.record_first_display(session, visit, due.item_code, now)
    if due.asks == "hypothesis":
        if visit.design.aids and generator.random() < AIDS_SHARE and not item_page.is_practice:
            judging.open_aids(session, visit, due.item_code, aids_keys, now)
        answer = Answer(due.item_code, due.answer_id, "hypothesis", hypothesis="a rule", confidence=3)
    else:
        verdict = generator.choice(visit.design.offered_answers)
        answer = Answer(due.item_code, due.answer_id, "verdict", verdict)
    timing = PageTiming(elapsed_seconds=18.0, attentive_seconds=10.0 + generator.randrange(8), delay_seconds=0.5)
    judging.record_answer(session, visit, answer, timing, now)


def _identities(allocated_items: Sequence[AllocatedItem]) -> Identities:
    """Who is who, practice items left out: whoever reads the database may know these."""
    items = sorted((item for item in allocated_items if item.kind != "training"), key=lambda item: item.item)
    index_of = {item.item: index for index, item in enumerate(items)}
    repeat_pairs = np.array([(index_of[item.repeats], index) for index, item in enumerate(items) if item.repeats])
    repeats = np.zeros(len(items), dtype=np.int64)
    repeats[repeat_pairs[:, 0]], repeats[repeat_pairs[:, 1]] = 1, 2
    classes_by_label = {
        "arm": _classes([item.arm for item in items]),
        "stratum": _classes([item.stratum for item in items]),
        "control": _classes([item.kind == "planted" for item in items]),
        "right answer": _classes([item.right_answer or "" for item in items]),
        "repeat": repeats,
    }
    told = {label: classes for label, classes in classes_by_label.items() if classes.max() > 0}
    return Identities(tuple(index_of), told, repeat_pairs)


def _classes(labels: Sequence[str | bool]) -> Ints:
    """The number of each label among the different ones [item]; a task without right answers has one label."""
    return np.unique(labels, return_inverse=True)[1]
