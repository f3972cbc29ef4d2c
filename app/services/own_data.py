"""An evaluator's own data: reading everything that is stored about them, deleting it, and declining to take part."""

from datetime import datetime

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from app.evidence.entries import JudgmentEntry, canonical_time, judgment_link
from app.evidence.receipts import make_receipt, receipt_note
from app.foundation.errors import LifecycleError
from app.foundation.json_types import JsonObject
from app.foundation.translatable import translatable
from app.rounds.lifecycle import State
from app.services.evaluator_session import evaluator_and_round_for_writing, evaluator_by_session
from app.services.log import append_event, round_events
from app.services.round_keys import RoundKeys, read_committed_round
from app.store import evaluators as evaluator_store
from app.store import judging as judging_store
from app.store.tables import EvaluatorRow

ERASABLE: tuple[State, ...] = ("sealed", "collecting")
LOCKED = translatable(
    "The round was locked, so the answers are part of its record. The person who invited you can tell you more."
)


class OwnJudgment(JudgmentEntry):
    """A judgment's entry with its chain digest."""

    chain: str


class OwnData(TypedDict):
    """Everything that is stored about an evaluator, as JSON values."""

    about: JsonObject
    receipt: JsonObject
    receipt_note: str
    """A sentence that says what the receipt is worth."""
    first_shown: list[JsonObject]
    judgments: list[OwnJudgment]
    flags: list[JsonObject]
    aids_opened: list[JsonObject]
    phase_2: list[JsonObject]


def own_data(session: Session, session_token: str, round_keys: RoundKeys, now: datetime) -> OwnData:
    """Everything that is stored about this evaluator, with a receipt that the round's key signs."""
    evaluator = evaluator_by_session(session, session_token)
    judgments = judging_store.judgments_of_evaluator(session, evaluator.id)
    flags = judging_store.flags_of_evaluator(session, evaluator.id)
    guesses = judging_store.guesses_of_evaluator(session, evaluator.id)
    with_aids = judging_store.assignments_with_aids_opened(session, evaluator.id)
    first_shown = judging_store.read_worklist(session, evaluator.id).shown_at
    links = [judgment_link(evaluator.name, row) for row in judgments]
    committed_round = read_committed_round(session, evaluator_store.round_of_evaluator(session, evaluator))
    signing_key = round_keys.committed(evaluator.round_id, committed_round.receipt_key)
    receipt = make_receipt(committed_round, evaluator.name, links, canonical_time(now), signing_key)
    return {
        "about": _facts_about(evaluator),
        "receipt": receipt.model_dump(),
        "receipt_note": receipt_note(receipt),
        "first_shown": [{"item": item, "at": _iso_text(at)} for item, at in first_shown.items()],
        "judgments": [{**link["judgment"], "chain": link["chain"]} for link in links],
        "flags": [
            {"item": row.item, "kind": row.kind, "comment": row.comment, "at": _iso_text(row.at)} for row in flags
        ],
        "aids_opened": [{"item": row.item, "at": _iso_text(row.aids_at)} for row in with_aids],
        "phase_2": [{"item": row.item, "guess": row.guess, "at": _iso_text(row.at)} for row in guesses],
    }


def decline_consent(session: Session, session_token: str) -> bool:
    """Delete the visit of someone who declines to take part. Returns False and deletes nothing if they had agreed."""
    evaluator, _ = evaluator_and_round_for_writing(session, session_token)
    if evaluator.consented_at is not None:
        return False
    evaluator.session_sha256, evaluator.joined_at = None, None
    return True


def are_answers_erasable(session: Session, round_id: str, state: State) -> bool:
    """Whether answers can still be deleted: until the lock, and always in a round abandoned before its lock."""
    if state == "abandoned":
        return all(event.action != "locked" for event in round_events(session, round_id))
    return state in ERASABLE


def erase_own_data(session: Session, session_token: str, now: datetime) -> None:
    """Delete everything that is stored about the evaluator.

    Raises LifecycleError if the round was locked: its log has the chain heads from then, which need the answers.
    """
    evaluator, round_row = evaluator_and_round_for_writing(session, session_token)
    if not are_answers_erasable(session, round_row.id, round_row.state):
        raise LifecycleError(LOCKED)
    evaluator_store.erase_evaluator(session, evaluator, now)
    evaluator.joined_at, evaluator.exposed, evaluator.phase = None, False, 1
    append_event(session, round_row.id, evaluator.id, "erased", {"evaluator": evaluator.id}, now)


def _facts_about(evaluator: EvaluatorRow) -> JsonObject:
    return {
        "pseudonym": evaluator.name,
        "knew_the_models_before": evaluator.exposed,
        "last_question_begun": evaluator.phase > 1,
        "invited_at": _iso_text(evaluator.invited_at),
        "joined_at": _iso_text(evaluator.joined_at),
        "consented_at": _iso_text(evaluator.consented_at),
    }


def _iso_text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
