"""SQL of rounds, their items, and counts of judgments. It cannot name the sealed table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import from_json
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from app.foundation.errors import NotFoundError
from app.store.tables import AidsRow, ArchiveRow, AssignmentRow, ChainEntryRow, EvaluatorRow, ItemRow, RoundRow
from app.tasks.item import Item

NO_SUCH_ROUND = "There is no such round; check its id in the list of rounds."


@dataclass(frozen=True)
class Tally:
    """How many items were assigned to an evaluator, and how many they judged; no verdict."""

    assigned: int
    judged: int


@dataclass(frozen=True)
class RoundCounts:
    """How many items, evaluators and judgments a round has; no verdict."""

    items: int = 0
    evaluators: int = 0
    judgments: int = 0
    """Pairs of an evaluator and an item that they judged."""


def add_round(
    session: Session, round_row: RoundRow, paths: Mapping[str, Path], fingerprints: Mapping[str, list[str]]
) -> None:
    """Insert a draft and the paths {digest: path} of its archives, with what each of them has in common with others."""
    session.add(round_row)
    session.flush()
    session.add_all(
        ArchiveRow(round_id=round_row.id, sha256=digest, path=str(path), fingerprints=fingerprints[digest])
        for digest, path in paths.items()
    )
    session.flush()


def add_missing_fingerprints(session: Session, round_id: str, fingerprints: Mapping[str, list[str]]) -> None:
    """Store the fingerprints {digest: fingerprints} of a round's archives where there are none, as after an upgrade."""
    for row in session.scalars(select(ArchiveRow).where(ArchiveRow.round_id == round_id)):
        row.fingerprints = row.fingerprints or fingerprints[row.sha256]
    session.flush()


def find_round(session: Session, round_id: str, *, for_update: bool = False) -> RoundRow:
    """The round. With `for_update`, no other transaction can change it until this one ends. Raises NotFoundError."""
    round_row = session.get(RoundRow, round_id, with_for_update=for_update, populate_existing=for_update)
    if round_row is None:
        raise NotFoundError(NO_SUCH_ROUND)
    return round_row


def all_rounds(session: Session) -> Sequence[RoundRow]:
    """Every round, newest first."""
    return session.scalars(select(RoundRow).order_by(RoundRow.created_at.desc(), RoundRow.id)).all()


def archive_paths(session: Session, round_id: str) -> dict[str, Path]:
    """{digest: path} of the round's archives."""
    rows = session.scalars(select(ArchiveRow).where(ArchiveRow.round_id == round_id))
    return {row.sha256: Path(row.path) for row in rows}


def add_items(session: Session, item_rows: Sequence[ItemRow], aids_rows: Sequence[AidsRow]) -> None:
    """Insert items and their aids; the caller passes them in order of code, so that their order reveals nothing."""
    session.add_all(item_rows)
    session.flush()
    session.add_all(aids_rows)
    session.flush()


def items_of_round(session: Session, round_id: str) -> Sequence[ItemRow]:
    """The items in order of code."""
    return session.scalars(select(ItemRow).where(ItemRow.round_id == round_id).order_by(ItemRow.code)).all()


def item_codes(session: Session, round_id: str, *, practice: bool) -> Sequence[str]:
    """The codes of the practice items, or of all others, in alphabetical order."""
    query = select(ItemRow.code).where(ItemRow.round_id == round_id, ItemRow.training == practice)
    return session.scalars(query.order_by(ItemRow.code)).all()


def read_items(session: Session, round_id: str, codes: Sequence[str]) -> dict[str, Item]:
    """{code: item} of the items with these codes, in the order of `codes`."""
    query = select(ItemRow.code, ItemRow.content).where(ItemRow.round_id == round_id, ItemRow.code.in_(codes))
    contents = {row.code: row.content for row in session.execute(query)}
    return {code: Item.from_content(from_json(contents[code])) for code in codes}


def repeat_distance(session: Session, round_id: str) -> int:
    """How far apart the round's design wants an item and its repeat; nothing says which items these are."""
    distance: int = json.loads(find_round(session, round_id).design)["repeat_distance"]
    return distance


def add_assignments(session: Session, assignments: Sequence[AssignmentRow]) -> None:
    """Insert items into an evaluator's order."""
    session.add_all(assignments)
    session.flush()


def tallies_by_evaluator(session: Session, round_id: str) -> dict[str, Tally]:
    """{evaluator id: how many items were assigned to them and judged}; practice items are not counted.

    An item that was flagged after its verdict counts as missing, not as judged.
    """
    of_round = ItemRow.round_id == round_id, ItemRow.training.is_(False)
    flag = aliased(ChainEntryRow)
    flagged = select(flag.item).where(
        flag.round_id == ChainEntryRow.round_id,
        flag.kind == "flag",
        flag.item == ChainEntryRow.item,
        flag.evaluator_id == ChainEntryRow.evaluator_id,
    )
    assigned = (
        select(AssignmentRow.evaluator_id, func.count())
        .join(ItemRow, (ItemRow.round_id == AssignmentRow.round_id) & (ItemRow.code == AssignmentRow.item))
        .where(*of_round)
        .group_by(AssignmentRow.evaluator_id)
    )
    judged = (
        select(ChainEntryRow.evaluator_id, func.count(ChainEntryRow.item.distinct()))
        .join(ItemRow, (ItemRow.round_id == ChainEntryRow.round_id) & (ItemRow.code == ChainEntryRow.item))
        .where(*of_round, ChainEntryRow.kind == "judgment", ~flagged.exists())
        .group_by(ChainEntryRow.evaluator_id)
    )
    judged_counts = _counts_by_key(session, judged)
    return {
        evaluator_id: Tally(count, judged_counts.get(evaluator_id, 0))
        for evaluator_id, count in _counts_by_key(session, assigned).items()
    }


def counts_by_round(session: Session) -> dict[str, RoundCounts]:
    """{round id: its counts}; rounds with nothing to count, such as drafts, are left out."""
    counted_items = select(ItemRow.round_id, func.count()).where(ItemRow.training.is_(False))
    items = _counts_by_key(session, counted_items.group_by(ItemRow.round_id))
    evaluators = _counts_by_key(session, select(EvaluatorRow.round_id, func.count()).group_by(EvaluatorRow.round_id))
    first_verdicts = select(ChainEntryRow.round_id, func.count()).where(ChainEntryRow.revision == 0)
    judgments = _counts_by_key(session, first_verdicts.group_by(ChainEntryRow.round_id))
    return {
        round_id: RoundCounts(items.get(round_id, 0), evaluators.get(round_id, 0), judgments.get(round_id, 0))
        for round_id in items.keys() | evaluators.keys() | judgments.keys()
    }


def _counts_by_key(session: Session, query: Select[str, int]) -> dict[str, int]:
    """{key: count} from a query that selects a key and a count."""
    return {row[0]: row[1] for row in session.execute(query)}
