"""Entries of chains: one judgment in an evaluator's chain, one event in a round's log. Pure and open.

An entry holds what its chain digest covers. A link is an entry with its number and digest, as exports store it.
"""

from datetime import UTC, datetime
from typing import Literal, Protocol

from typing_extensions import TypedDict

from app.foundation.json_types import JsonObject
from app.judging.judgment import Step, Verdict

EventAction = Literal[
    "created", "copied", "draw announced", "seal begun", "sealed", "seal cancelled", "opened", "invited",
    "link reissued", "erased", "locked", "key read", "unblinded", "corrected", "abandoned", "exported", "audited",
    "gallery opened", "archives browsed", "refused",
]  # fmt: skip
"""What an event of a round's log says that someone did, or tried to do."""


class StoredJudgment(Protocol):
    """A judgment as the database stores it."""

    number: int
    key: str
    item: str
    step: Step
    verdict: Verdict
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    position: int
    active_seconds: float
    unfolded: bool
    fixed_width: bool
    shown_at: datetime
    judged_at: datetime
    chain: str


class StoredEvent(Protocol):
    """An event of a round's log as the database stores it."""

    number: int
    at: datetime
    actor: str
    action: EventAction
    detail: JsonObject
    chain: str


class JudgmentEntry(TypedDict):
    """One judgment as JSON values, with everything that was recorded about it."""

    number: int
    """0, 1, 2, ... in this evaluator's chain."""
    key: str
    item: str
    step: str
    verdict: str
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    position: int
    active_seconds: float
    unfolded: bool
    fixed_width: bool
    evaluator: str
    """The evaluator's pseudonym."""
    shown_at: str
    judged_at: str


class EventEntry(TypedDict):
    """One event of a round, as JSON values."""

    round: str
    number: int
    at: str
    actor: str
    action: str
    detail: JsonObject


ChainEntry = JudgmentEntry | EventEntry


class JudgmentLink(TypedDict):
    """A judgment in its evaluator's chain."""

    evaluator: str
    number: int
    chain: str
    """Digest of the entry and every earlier entry."""
    judgment: JudgmentEntry


class EventLink(TypedDict):
    """An event in its round's log."""

    number: int
    chain: str
    """Digest of the entry and every earlier entry."""
    event: EventEntry


def judgment_entry(evaluator: str, judgment_row: StoredJudgment) -> JudgmentEntry:
    """The entry of one judgment in its evaluator's chain."""
    return {
        "number": judgment_row.number,
        "key": judgment_row.key,
        "item": judgment_row.item,
        "step": judgment_row.step,
        "verdict": judgment_row.verdict,
        "hypothesis": judgment_row.hypothesis,
        "confidence": judgment_row.confidence,
        "comment": judgment_row.comment,
        "revision": judgment_row.revision,
        "position": judgment_row.position,
        "active_seconds": judgment_row.active_seconds,
        "unfolded": judgment_row.unfolded,
        "fixed_width": judgment_row.fixed_width,
        "evaluator": evaluator,
        "shown_at": canonical_time(judgment_row.shown_at),
        "judged_at": canonical_time(judgment_row.judged_at),
    }


def judgment_link(evaluator: str, judgment_row: StoredJudgment) -> JudgmentLink:
    """A stored judgment as a link of its evaluator's chain."""
    entry = judgment_entry(evaluator, judgment_row)
    return {"evaluator": evaluator, "number": judgment_row.number, "chain": judgment_row.chain, "judgment": entry}


def event_entry(round_id: str, event_row: StoredEvent) -> EventEntry:
    """The entry of one event in its round's log."""
    return {
        "round": round_id,
        "number": event_row.number,
        "at": canonical_time(event_row.at),
        "actor": event_row.actor,
        "action": event_row.action,
        "detail": event_row.detail,
    }


def event_link(round_id: str, event_row: StoredEvent) -> EventLink:
    """A stored event as a link of its round's log."""
    return {"number": event_row.number, "chain": event_row.chain, "event": event_entry(round_id, event_row)}


def canonical_time(moment: datetime) -> str:
    """A time as canonical text: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
