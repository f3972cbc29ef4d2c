"""The keys that sign rounds' receipts and exports: private halves in a folder, public halves in commitments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy.orm import Session

from app.evidence.entries import RESULT_ACTIONS
from app.evidence.event_details import SealedDetail, read_detail
from app.evidence.receipts import CommittedRound
from app.evidence.signing import SigningKey
from app.foundation.errors import SealError
from app.services.key_folder import KeyFolder
from app.services.log import Event, round_events
from app.store.tables import RoundRow

FOLDER = "round_keys"
RESTORE_FIRST = (
    "Restore it before you unblind the round: without the key the result in the log is not signed, and can never be "
    "signed afterwards, so that verify finds the round anchored in part until a correction is signed."
)
CORRECT_AFTERWARDS = "A result that was made without the key stays unsigned: correct the analysis once it is restored."


@dataclass(frozen=True)
class RoundKeys(KeyFolder[SigningKey]):
    """The private halves of the keys that sign, in the data folder and not in the database."""

    key_type: type[SigningKey] = SigningKey

    @classmethod
    def in_data_folder(cls, data: Path) -> Self:
        """The keys of the rounds of a server with this data folder."""
        return cls(data / FOLDER)

    def committed(self, round_id: str, receipt_key: str | None) -> SigningKey | None:
        """The key of a sealed round; None if its file is lost, or if its public half is not the committed one."""
        signing_key = self.in_file(round_id)
        return signing_key if signing_key is not None and signing_key.public_key == receipt_key else None


def committed_receipt_key(session: Session, round_id: str) -> str | None:
    """The public half in the log's entry of the seal; None before the seal, and if version 0.1 sealed the round."""
    return _receipt_key_in(round_events(session, round_id))


def read_committed_round(session: Session, round_row: RoundRow) -> CommittedRound:
    """What receipts say about a round; its key and its lock are those of its log."""
    events = round_events(session, round_row.id)
    return CommittedRound(
        round_id=round_row.id,
        commitment=str(round_row.commitment),
        receipt_key=_receipt_key_in(events),
        lock=next((event.chain for event in reversed(events) if event.action == "locked"), None),
    )


def round_signing_key(session: Session, round_id: str, round_keys: RoundKeys) -> SigningKey | None:
    """The key that signs what leaves a round; None if version 0.1 sealed it, or if its file is lost.

    Raises SealError if the file holds another key, as `require_key_as_committed` does: no result could be shown then.
    """
    require_key_as_committed(session, round_id, round_keys)
    return round_keys.committed(round_id, committed_receipt_key(session, round_id))


def is_key_missing(session: Session, round_id: str, round_keys: RoundKeys) -> bool:
    """Whether the commitment names a key whose file is lost, so that nothing can be signed."""
    receipt_key = committed_receipt_key(session, round_id)
    return receipt_key is not None and round_keys.committed(round_id, receipt_key) is None


def require_key_as_committed(session: Session, round_id: str, round_keys: RoundKeys) -> None:
    """Raise SealError if the file of a sealed round holds another key than its log names, or the log names none.

    The file lies outside the database, so it can tell a round whose commitment, log and result were made anew there.
    """
    if problem := _key_contradiction(round_events(session, round_id), round_id, round_keys):
        raise SealError(problem)


def missing_key_warning(session: Session, round_id: str, round_keys: RoundKeys) -> str | None:
    """What admins should know if the file of the round's key is lost or has another key; otherwise None."""
    try:
        problem = _key_contradiction(round_events(session, round_id), round_id, round_keys)
    except SealError as error:
        return str(error)
    if problem:
        return problem
    if not is_key_missing(session, round_id, round_keys):
        return None
    has_result = any(event.action in RESULT_ACTIONS for event in round_events(session, round_id))
    return (
        f"The key that signs this round's receipts is missing: {round_keys.path_of(round_id)} is lost or damaged. "
        "Receipts and exports are not signed until you restore the file from a backup. "
        f"{CORRECT_AFTERWARDS if has_result else RESTORE_FIRST}"
    )


def _key_contradiction(events: Sequence[Event], round_id: str, round_keys: RoundKeys) -> str:
    signing_key = round_keys.in_file(round_id)
    is_sealed = any(event.action == "sealed" for event in events)
    if not is_sealed or signing_key is None or signing_key.public_key == _receipt_key_in(events):
        return ""
    return (
        f"{round_keys.path_of(round_id)} holds another key than the one that the round's log names, so somebody "
        "changed the database or exchanged the file. Nothing is signed, and no result is shown; restore both from one "
        "backup."
    )


def _receipt_key_in(events: Sequence[Event]) -> str | None:
    sealed = next((event for event in reversed(events) if event.action == "sealed"), None)
    return None if sealed is None else read_detail(SealedDetail, sealed.detail).receipt_key
