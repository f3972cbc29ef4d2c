"""What a chain says of one judgment, and what a round's log says of one event. Pure and open."""

from datetime import UTC, datetime
from typing import Any

JUDGMENT_FIELDS = (
    "number", "key", "item", "step", "verdict", "hypothesis", "confidence", "comment", "revision", "position",
    "active_seconds", "unfolded", "fixed_width",
)  # fmt: skip


def judgment_entry(evaluator: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or anything with its attributes
    """What an evaluator's chain says of one judgment; the first follows the round's commitment."""
    entry = {name: getattr(row, name) for name in JUDGMENT_FIELDS}
    return entry | {
        "evaluator": evaluator,
        "shown_at": canonical_time(row.shown_at),
        "judged_at": canonical_time(row.judged_at),
    }


def event_entry(round_id: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or anything with its attributes
    """What a round's log says of one event; the first follows START_OF_LOG."""
    return {
        "round": round_id,
        "number": row.number,
        "at": canonical_time(row.at),
        "actor": row.actor,
        "action": row.action,
        "detail": row.detail,
    }


def canonical_time(moment: datetime) -> str:
    """A time as canonical text: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
