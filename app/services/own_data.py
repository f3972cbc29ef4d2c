"""An evaluator's own data: reading everything that is stored about them, deleting it, and declining to take part."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from app.evidence.chains import first_break
from app.evidence.entries import ChainLink, EntryKind, canonical_time, entry_kind
from app.evidence.event_details import CarriedOver, LockedDetail, UnboundFact, read_detail
from app.evidence.receipts import make_receipt, receipt_note
from app.foundation.errors import LifecycleError, SealError
from app.foundation.json_types import JsonObject
from app.foundation.translatable import translatable
from app.rounds.lifecycle import State
from app.services.evaluator_session import evaluator_and_round_for_writing, evaluator_by_session
from app.services.log import append_event, is_log_locked, log_problem, round_events
from app.services.round_keys import RoundKeys, read_committed_round
from app.store import chains as chain_store
from app.store import evaluators as evaluator_store
from app.store import judging as judging_store
from app.store.tables import EvaluatorRow

ERASABLE: tuple[State, ...] = ("sealed", "collecting")
LOCKED = translatable(
    "The round was locked, so the answers are part of its record. The person who invited you can tell you more."
)


class OwnData(TypedDict):
    """Everything that is stored about an evaluator, as JSON values."""

    about: JsonObject
    receipt: JsonObject
    receipt_note: str
    """A sentence that says what the receipt is worth."""
    first_shown: list[JsonObject]
    judgments: list[JsonObject]
    flags: list[JsonObject]
    aids_opened: list[JsonObject]
    phase_2: list[JsonObject]


def own_data(session: Session, session_token: str, round_keys: RoundKeys, now: datetime) -> OwnData:
    """Everything that is stored about this evaluator, with a receipt that the round's key signs.

    It does not sign what somebody changed in the database.
    """
    evaluator = evaluator_by_session(session, session_token)
    links = [row.read_link(evaluator.name) for row in chain_store.entries_of_evaluator(session, evaluator.id)]
    committed_round = read_committed_round(session, evaluator_store.round_of_evaluator(session, evaluator))
    signing_key = round_keys.committed(evaluator.round_id, committed_round.receipt_key)
    if _is_changed(session, evaluator, links, committed_round.commitment):
        signing_key = None
    receipt = make_receipt(committed_round, evaluator.name, links, canonical_time(now), signing_key)
    first_shown = judging_store.read_worklist(session, evaluator.id).shown_at
    unbound = _carried_over(session, evaluator)
    return {
        "about": _facts_about(evaluator),
        "receipt": receipt.model_dump(),
        "receipt_note": receipt_note(receipt),
        "first_shown": [{"item": item, "at": _iso_text(at)} for item, at in first_shown.items()],
        "judgments": _entries(links, "judgment"),
        "flags": [*_entries(links, "flag"), *_own_facts(unbound.flags, evaluator)],
        "aids_opened": [*_entries(links, "aids opened"), *_own_facts(unbound.aids_opened, evaluator)],
        "phase_2": [*_entries(links, "guess"), *_own_facts(unbound.guesses, evaluator)],
    }


def decline_consent(session: Session, session_token: str, now: datetime) -> bool:
    """Delete the visit of someone who declines to take part, and log that they did, unless the round was locked.

    Returns False and changes nothing if they had agreed.
    """
    evaluator, round_row = evaluator_and_round_for_writing(session, session_token)
    if evaluator.consented_at is not None:
        return False
    evaluator.session_sha256, evaluator.joined_at = None, None
    if not is_log_locked(session, round_row.id):
        append_event(session, round_row.id, evaluator.name, "declined", {"evaluator": evaluator.name}, now)
    return True


def are_answers_erasable(session: Session, round_id: str, state: State) -> bool:
    """Whether answers can still be deleted: until the lock, and always in a round abandoned before its lock."""
    if state == "abandoned":
        return not is_log_locked(session, round_id)
    return state in ERASABLE


def erase_own_data(session: Session, session_token: str, now: datetime) -> None:
    """Delete everything that is stored about the evaluator.

    Raises LifecycleError if the round was locked: its log has the chain heads from then, which need the answers.
    """
    evaluator, round_row = evaluator_and_round_for_writing(session, session_token)
    if not are_answers_erasable(session, round_row.id, round_row.state):
        raise LifecycleError(LOCKED)
    erase(session, evaluator, now)


def erase(session: Session, evaluator: EvaluatorRow, now: datetime) -> None:
    """Delete everything about an evaluator and log that, under the code which replaces the pseudonym."""
    evaluator_store.erase_evaluator(session, evaluator, now)
    append_event(session, evaluator.round_id, evaluator.id, "erased", {"evaluator": evaluator.id}, now)


def _is_changed(session: Session, evaluator: EvaluatorRow, links: Sequence[ChainLink], commitment: str) -> bool:
    """Whether the log or the evaluator's chain was changed in the database; a signed receipt would confirm it."""
    entries = ((link["entry"], link["chain"]) for link in links)
    if log_problem(session, evaluator.round_id) or first_break(commitment, entries) is not None:
        return True
    locked = [event.detail for event in round_events(session, evaluator.round_id) if event.action == "locked"]
    if not locked or "v" not in locked[-1]:  # version 0.1.0 locked it, whose receipts are not signed
        return False
    try:
        enrolment = read_detail(LockedDetail, locked[-1]).roster.get(evaluator.name)
    except SealError:
        return True
    head = links[-1]["chain"] if links else commitment
    return enrolment is None or (enrolment.entries, enrolment.head) != (len(links), head)


def _entries(links: Sequence[ChainLink], kind: EntryKind) -> list[JsonObject]:
    """The entries of one kind, as the chain has them, each with its chain digest."""
    own = [link for link in links if entry_kind(link["entry"]) == kind]
    return [{**cast("JsonObject", link["entry"]), "chain": link["chain"]} for link in own]


def _carried_over(session: Session, evaluator: EvaluatorRow) -> CarriedOver:
    """What version 0.1.0 stored outside the chains, in a round that was locked before the upgrade."""
    events = round_events(session, evaluator.round_id)
    details = [event.detail for event in events if event.action == "carried over"]
    return read_detail(CarriedOver, details[-1]) if details else CarriedOver()


def _own_facts(facts: Sequence[UnboundFact], evaluator: EvaluatorRow) -> list[JsonObject]:
    return [fact.model_dump(mode="json") for fact in facts if fact.evaluator == evaluator.name]


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
