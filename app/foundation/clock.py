"""The time, in UTC. Nothing else in the project asks the system for it."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment in UTC, with its time zone."""
    return datetime.now(UTC)
