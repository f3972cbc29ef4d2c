"""An evaluator's way in: the invitation link, the session that it starts, and the consent."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.foundation.codes import token_digest
from app.foundation.errors import AccessError, NotFoundError
from app.foundation.translatable import translatable
from app.judging.public_design import PublicDesign
from app.rounds.lifecycle import State
from app.store import evaluators as evaluator_store
from app.store.tables import EvaluatorRow, RoundRow

NO_SUCH_LINK = translatable(
    "This invitation link does not work. Check that you copied all of it, or ask the person who sent it for a new one."
)
CONSENT_FIRST = translatable("Please read the page about taking part first, and agree to it.")
NO_SESSION = translatable("Open your invitation link again, on this device: it brings you back to where you were.")


@dataclass(frozen=True)
class Visit:
    """An evaluator and their round at one request, with all that decides which page comes next."""

    evaluator_id: str
    name: str
    round_id: str
    state: State
    title: str
    consented: bool
    phase: int
    exposed: bool
    design: PublicDesign
    response_sizes: tuple[int, int]
    """Length of every item response of the round in bytes: plain and gzip."""
    commitment: str = ""
    """The commitment, which was made before anyone judged; every page shows it."""


def visit_by_invitation(session: Session, token: str) -> Visit:
    """The visit that an invitation link would start; nothing is recorded. Raises NotFoundError for a wrong link."""
    evaluator = _invited_evaluator(session, token)
    return _build_visit(evaluator, evaluator_store.round_of_evaluator(session, evaluator))


def join_round(session: Session, token: str, session_token: str, now: datetime) -> None:
    """Start a session for the holder of an invitation link. Raises NotFoundError for a wrong link."""
    evaluator = _invited_evaluator(session, token)
    evaluator.session_sha256 = token_digest(session_token)
    evaluator.joined_at = evaluator.joined_at or now


def visit_by_session(session: Session, session_token: str) -> Visit:
    """The visit of the evaluator who has this session. Raises AccessError if there is none."""
    return _build_visit(*_require_session(evaluator_store.session_owner(session, _session_digest(session_token))))


def visit_for_writing(session: Session, session_token: str) -> Visit:
    """The visit of the evaluator who has this session, for writing: it locks their row until the transaction ends."""
    return _build_visit(*evaluator_and_round_for_writing(session, session_token))


def evaluator_by_session(session: Session, session_token: str) -> EvaluatorRow:
    """The evaluator who has this session. Raises AccessError if there is none."""
    return _require_session(evaluator_store.session_owner(session, _session_digest(session_token)))[0]


def evaluator_and_round_for_writing(session: Session, session_token: str) -> tuple[EvaluatorRow, RoundRow]:
    """The evaluator who has this session and their round, locked until the transaction ends. Raises AccessError."""
    return _require_session(evaluator_store.lock_session_owner(session, _session_digest(session_token)))


def record_consent(session: Session, session_token: str, now: datetime) -> None:
    """Record that the evaluator agrees to take part."""
    evaluator = evaluator_by_session(session, session_token)
    evaluator.consented_at = evaluator.consented_at or now


def require_consent(visit: Visit) -> None:
    """Raise AccessError unless the evaluator agreed to take part."""
    if not visit.consented:
        raise AccessError(CONSENT_FIRST)


def _invited_evaluator(session: Session, token: str) -> EvaluatorRow:
    evaluator = evaluator_store.evaluator_by_token(session, token_digest(token))
    if evaluator is None or evaluator.erased_at is not None:
        raise NotFoundError(NO_SUCH_LINK)
    return evaluator


def _session_digest(session_token: str) -> str:
    """The digest of a session token, which the database stores; an empty token gives an empty digest."""
    return token_digest(session_token) if session_token else ""


def _require_session(owner: tuple[EvaluatorRow, RoundRow] | None) -> tuple[EvaluatorRow, RoundRow]:
    if owner is None or owner[0].erased_at is not None:
        raise AccessError(NO_SESSION)
    return owner


def _build_visit(evaluator: EvaluatorRow, round_row: RoundRow) -> Visit:
    design = PublicDesign.from_content(round_row.public_design)
    return Visit(
        evaluator_id=evaluator.id,
        name=evaluator.name,
        round_id=round_row.id,
        state=round_row.state,
        title=design.title or round_row.title,
        consented=evaluator.consented_at is not None,
        phase=evaluator.phase,
        exposed=evaluator.exposed,
        design=design,
        response_sizes=(round_row.response_bytes, round_row.response_gzip_bytes),
        commitment=round_row.commitment or "",
    )
