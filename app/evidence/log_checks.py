"""Whether a log has what the program writes into it, and nothing that it never writes there. Pure."""

from collections.abc import Iterator, Sequence

from app.evidence.entries import EventAction, EventLink, LogEntry

AFTER_THE_LOCK: tuple[EventAction, ...] = (
    "key read", "unblinded", "corrected", "abandoned", "exported", "audited", "gallery opened", "results read",
    "archives browsed", "archives shown",
    "time stamped", "refused",
)  # fmt: skip
"""What the program writes into the log after the lock; none of it decides a result. The log takes nothing else then."""

FREE_NUMBERS = ("audit", "audited")
"""The part of a detail, and the event, that hold measured numbers; everything else counts, in whole numbers."""


def log_problems(log: Sequence[EventLink]) -> Iterator[str]:
    """A sentence for everything in a log that no program writes."""
    events = [link["event"] for link in log]
    yield from _order_problems(events)
    yield from _carried_over_problems(events)
    fractions = [str(event["number"]) for event in events if _has_odd_number(event)]
    if fractions:
        yield f"The log's events {', '.join(fractions)} write whole numbers in another way than the program."


def _order_problems(events: Sequence[LogEntry]) -> Iterator[str]:
    """Forms only become newer, and a key is read between the lock and the unblinding."""
    versions = ["v" in event for event in events]
    if versions != sorted(versions):
        yield "The log has an event in the form of version 0.1 after events of a later version."
    actions = [event["action"] for event in events]
    if "unblinded" not in actions:
        return
    unblinded = actions.index("unblinded")
    locked = actions.index("locked") if "locked" in actions else 0
    if "key read" not in actions[locked:unblinded]:
        yield "The log has no entry “key read” between the lock and the unblinding, so it was changed."
    if "v" in events[unblinded]:
        yield from _two_person_problems(events[:unblinded])


def _two_person_problems(events: Sequence[LogEntry]) -> Iterator[str]:
    """If two people must open the seal, each of two gave one key, the one of the outer layer first."""
    if not any(event["action"] == "sealed" and event["detail"].get("two_person") is True for event in events):
        return
    readers = [(event["detail"].get("key_part"), event["actor"]) for event in events if event["action"] == "key read"]
    if [layer for layer, _ in readers] != [2, 1] or len({actor for _, actor in readers}) != len(readers):
        yield "Two people must open the seal, one after the other, but the log does not say that they did."


def _carried_over_problems(events: Sequence[LogEntry]) -> Iterator[str]:
    """The upgrade from version 0.1 carries over what that version bound to nothing: once, and before all else."""
    carried = [index for index, event in enumerate(events) if event["action"] == "carried over"]
    if len(carried) > 1:
        yield "The log has “carried over” more than once, but a database is upgraded once."
    if any("v" in event for index in carried for event in events[:index]):
        yield "The log has “carried over” after events of this version, but an upgrade writes it before them."


def _has_odd_number(event: LogEntry) -> bool:
    """Whether a count is written as a number with a fraction: its digest is the same, the texts made of it are not."""
    if event["action"] in FREE_NUMBERS:
        return False
    return any(_holds_fraction(part) for name, part in event["detail"].items() if name not in FREE_NUMBERS)


def _holds_fraction(json_value: object) -> bool:
    if isinstance(json_value, dict):
        return any(map(_holds_fraction, json_value.values()))
    if isinstance(json_value, list):
        return any(map(_holds_fraction, json_value))
    return isinstance(json_value, float)
