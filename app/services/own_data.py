"""What belongs to an evaluator: everything kept about them to take along, and its deletion while the round is open."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.foundation.digest import sha256_of_json
from app.foundation.errors import LifecycleError
from app.rounds.commitment import judgment_entry
from app.services import log
from app.services.judging import held, present
from app.store import judging as store

ERASABLE = ("sealed", "collecting")


def everything(session: Session, session_token: str) -> dict[str, Any]:
    """All that is kept about this evaluator, as JSON values."""
    evaluator = present(session, session_token)
    times = {name: _written(getattr(evaluator, name)) for name in ("invited_at", "joined_at", "consented_at")}
    judgments = [
        judgment_entry(evaluator.name, row) | {"chain": row.chain} for row in store.judgments(session, evaluator.id)
    ]
    flags = [
        {"item": one.item, "kind": one.kind, "comment": one.comment, "at": _written(one.at)}
        for one in store.flags(session, evaluator.id)
    ]
    guesses = [
        {"item": one.item, "guess": one.guess, "at": _written(one.at)} for one in store.guesses(session, evaluator.id)
    ]
    aids = [{"item": one.item, "at": _written(one.aids_at)} for one in store.aids_opened(session, evaluator.id)]
    about = {"pseudonym": evaluator.name, "knew_the_models_before": evaluator.exposed, **times}
    receipt = _receipt(evaluator.name, store.round_of(session, evaluator).commitment, judgments)
    return {
        "about": about,
        "receipt": receipt,
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


def erase(session: Session, session_token: str, now: datetime) -> None:
    """Delete it all. Raises LifecycleError once the round is locked: then the chains are published."""
    evaluator, row = held(session, session_token)
    if row.state not in ERASABLE:
        msg = "The round is locked, and its answers are part of what was published. Ask whoever invited you."
        raise LifecycleError(msg)
    store.erase(session, evaluator, now)
    log.append(session, row.id, evaluator.id, "erased", {"evaluator": evaluator.id}, now)


def _written(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
