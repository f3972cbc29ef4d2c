"""Results that the round's key signs in the log, where it is in the data folder."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from app.foundation.clock import now
from app.services import unblinding
from app.services.log import result_digest
from app.services.round_keys import RoundKeys, round_signing_key


def unblind_and_sign(
    session: Session, round_id: str, identities: Sequence[str], by: str, reason: str, data: Path
) -> str | None:
    """Unblind a locked round as `unblind_round` does, and return the result's digest, to be published."""
    signing_key = round_signing_key(session, round_id, RoundKeys.in_data_folder(data))
    unblinding.unblind_round(session, round_id, identities, by, reason, now(), signing_key)
    return result_digest(session, round_id)


def correct_and_sign(session: Session, round_id: str, by: str, reason: str, data: Path) -> str | None:
    """Analyse an unblinded round again as `correct_analysis` does, and return the new result's digest."""
    signing_key = round_signing_key(session, round_id, RoundKeys.in_data_folder(data))
    unblinding.correct_analysis(session, round_id, by, reason, now(), signing_key)
    return result_digest(session, round_id)
