"""Append entries to an evaluator's chain. Nothing here can reach the seal or an arm.

The caller has locked the evaluator's row, so that one entry is appended after another. An entry has the server's time,
never before the entry before it, also if the server's clock was set back, and never before what the log had when the
evaluator began.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.evidence.chains import chain_digest
from app.evidence.entries import ENTRY_VERSION, EntryBase, EntryKind, NewEntry, canonical_time, is_judgment
from app.foundation.digest import canonical_bytes
from app.rounds.lifecycle import require_allowed
from app.services.evaluator_session import Visit
from app.store import chains as chain_store
from app.store import log as log_store
from app.store.tables import ChainEntryRow

LONG_AGO = datetime.min.replace(tzinfo=UTC)
"""Before any entry: the copy of a round that an audit walks has no log."""


@dataclass(frozen=True)
class ChainEnd:
    """Where an evaluator's next entry goes."""

    newest: ChainEntryRow | None
    head: str
    """The digest that the next entry follows."""
    earliest: datetime
    """The next entry is dated then or later."""

    @property
    def next_number(self) -> int:
        """The number of the next entry."""
        return 0 if self.newest is None else self.newest.number + 1

    def time_of_next(self, now: datetime) -> datetime:
        """The time of an entry that is made now."""
        return max(now, self.earliest)


def chain_end(session: Session, visit: Visit, *, is_empty: bool = False) -> ChainEnd:
    """The end of the evaluator's chain; a caller who knows that the chain `is_empty` saves a query."""
    newest = None if is_empty else chain_store.newest_entry(session, visit.evaluator_id)
    if newest is not None:
        return ChainEnd(newest, newest.chain, newest.at)
    event = log_store.newest_event(session, visit.round_id)
    return ChainEnd(None, visit.commitment, LONG_AGO if event is None else event.at)


def entry_base(visit: Visit, end: ChainEnd, kind: EntryKind, item_code: str, now: datetime) -> EntryBase:
    """What the next entry of the chain begins with."""
    return {
        "v": ENTRY_VERSION,
        "kind": kind,
        "evaluator": visit.name,
        "number": end.next_number,
        "at": canonical_time(end.time_of_next(now)),
        "item": item_code,
    }


def append_entry(session: Session, visit: Visit, end: ChainEnd, new_entry: NewEntry) -> ChainEntryRow:
    """Append an entry to the evaluator's chain, and return its row. Raises LifecycleError unless judging is open."""
    require_allowed(visit.state, "judge")
    row = entry_row(visit, new_entry, chain_digest(end.head, new_entry))
    chain_store.add_entry(session, row)
    return row


def entry_row(visit: Visit, new_entry: NewEntry, chain: str) -> ChainEntryRow:
    """An entry as the database stores it."""
    row = ChainEntryRow(
        evaluator_id=visit.evaluator_id,
        number=new_entry["number"],
        round_id=visit.round_id,
        kind=new_entry["kind"],
        item=new_entry["item"],
        at=datetime.fromisoformat(new_entry["at"]),
        content=canonical_bytes(new_entry).decode(),
        chain=chain,
    )
    if is_judgment(new_entry):
        row.key, row.verdict, row.step = new_entry["key"], new_entry["verdict"], new_entry["step"]
        row.revision, row.active_seconds = new_entry["revision"], new_entry["active_seconds"]
    return row
