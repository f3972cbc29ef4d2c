"""What belongs to an evaluator: all that is kept about them to take along, its deletion, and leaving unagreed."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.evidence.entries import judgment_entry
from app.foundation.digest import sha256_of_json
from app.foundation.errors import LifecycleError
from app.foundation.translatable import translatable
from app.services import log
from app.services.judging import held, present
from app.store import judging as judging_store

ERASABLE = ("sealed", "collecting")
LOCKED = translatable(
    "The round was locked, so the answers are part of its record. Whoever invited you can tell you more."
)


def everything(session: Session, session_token: str) -> dict[str, Any]:
    """All that is kept about this evaluator, as JSON values."""
    evaluator = present(session, session_token)
    times = {name: _written(getattr(evaluator, name)) for name in ("invited_at", "joined_at", "consented_at")}
    judgments = [
        judgment_entry(evaluator.name, row) | {"chain": row.chain}
        for row in judging_store.judgments(session, evaluator.id)
    ]
    flags = [
        {"item": one.item, "kind": one.kind, "comment": one.comment, "at": _written(one.at)}
        for one in judging_store.flags(session, evaluator.id)
    ]
    guesses = [
        {"item": one.item, "guess": one.guess, "at": _written(one.at)}
        for one in judging_store.guesses(session, evaluator.id)
    ]
    aids = [{"item": one.item, "at": _written(one.aids_at)} for one in judging_store.aids_opened(session, evaluator.id)]
    shown = judging_store.sheet(session, evaluator.id).shown_at
    about = {
        "pseudonym": evaluator.name,
        "knew_the_models_before": evaluator.exposed,
        "last_question_begun": evaluator.phase > 1,
        **times,
    }
    receipt = _receipt(evaluator.name, judging_store.round_of(session, evaluator).commitment, judgments)
    return {
        "about": about,
        "receipt": receipt,
        "first_shown": [{"item": item, "at": _written(at)} for item, at in shown.items()],
        "judgments": judgments,
        "flags": flags,
        "aids_opened": aids,
        "phase_2": guesses,
    }


def _receipt(name: str, commitment: str | None, judgments: list[dict[str, Any]]) -> dict[str, Any]:
    """What proves later that this evaluator's answers stand in an export as they were given."""
    entries = [{key: value for key, value in one.items() if key != "chain"} for one in judgments]
    head = judgments[-1]["chain"] if judgments else "absent"
    digest = sha256_of_json(entries)
    return {"commitment": commitment, "evaluator": name, "judgments": len(entries), "head": head, "digest": digest}


def decline(session: Session, session_token: str) -> bool:
    """Forget that someone came in, as nobody did who does not agree; whether there was no agreement to stand by."""
    evaluator, _ = held(session, session_token)
    if evaluator.consented_at is not None:
        return False
    evaluator.session_sha256, evaluator.joined_at = None, None
    return True


def erasable(session: Session, round_id: str, state: str) -> bool:
    """Whether answers can be deleted: until the lock, and for good in a round that was called off before it."""
    if state == "abandoned":
        return all(one.action != "locked" for one in log.events(session, round_id))
    return state in ERASABLE


def erase(session: Session, session_token: str, now: datetime) -> None:
    """Delete it all. Raises LifecycleError once the round was locked: its log holds the heads of the chains then."""
    evaluator, row = held(session, session_token)
    if not erasable(session, row.id, row.state):
        raise LifecycleError(LOCKED)
    judging_store.erase(session, evaluator, now)
    evaluator.joined_at, evaluator.exposed, evaluator.phase = None, False, 1
    log.append(session, row.id, evaluator.id, "erased", {"evaluator": evaluator.id}, now)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
