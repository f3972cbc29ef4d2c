"""Entries of chains: what an evaluator did, in their chain; what happened to a round, in its log. Pure and open.

An entry holds what its chain digest covers. A link is an entry with its number and digest, as exports store it. Entries
say which form they have: version 1 (program 0.1.0, judgments only) has no field `v`. A form never changes once a
program that writes it was released, so old digests stay right.
"""

from datetime import UTC, datetime
from typing import Literal, Protocol, TypeGuard, cast

from typing_extensions import TypedDict

from app.foundation.json_types import JsonObject
from app.judging.judgment import Judgment, Step, Verdict

ENTRY_VERSION: Literal[2] = 2
"""The form of the entries that this program writes."""

EntryKind = Literal["judgment", "flag", "guess", "aids opened"]
EventAction = Literal[
    "created", "copied", "draw announced", "seal begun", "sealed", "seal cancelled", "opened", "invited", "declined",
    "link reissued", "erased", "locked", "key read", "unblinded", "corrected", "abandoned", "exported", "audited",
    "gallery opened", "archives browsed", "refused", "time stamped", "carried over",
]  # fmt: skip
"""What an event of a round's log says that someone did, or tried to do."""


class StoredEvent(Protocol):
    """An event of a round's log as the database stores it."""

    number: int
    at: datetime
    actor: str
    action: EventAction
    detail: JsonObject
    version: int
    program: str | None
    chain: str


class JudgmentEntryV1(TypedDict):
    """A judgment of version 1; its times are the browser's."""

    number: int
    """0, 1, 2, ... in this evaluator's chain."""
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
    evaluator: str
    """The evaluator's pseudonym."""
    shown_at: str
    judged_at: str


class ReportedTimes(TypedDict):
    """What a browser reported, in seconds; None where it reported nothing. Nothing is computed from it."""

    elapsed_seconds: float | None
    attentive_seconds: float | None
    delay_seconds: float | None


class EntryHead(TypedDict):
    """What every entry of version 2 begins with."""

    v: Literal[2]
    evaluator: str
    """The evaluator's pseudonym."""
    number: int
    """0, 1, 2, ... in this evaluator's chain."""
    at: str
    """The server's time, never before the entry before it."""
    item: str


class JudgmentEntry(EntryHead):
    """A judgment of version 2."""

    kind: Literal["judgment"]
    key: str
    step: Step
    verdict: Verdict
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    position: int
    shown_at: str
    """When the item was displayed; where the browser says so, never before the evaluator's entry before."""
    active_seconds: float
    """What the browser reported, at most the time between `shown_at` and `at`. The analysis uses this number."""
    unfolded: bool
    fixed_width: bool
    reported: ReportedTimes


class FlagEntry(EntryHead):
    """A report that an item is faulty or too distressing; it is missing then, also if it has a verdict."""

    kind: Literal["flag"]
    reason: Literal["fault", "distress"]
    comment: str


class GuessEntry(EntryHead):
    """An answer to the blinding question."""

    kind: Literal["guess"]
    guess: str
    """An arm's name, a pile, or `unknown`."""
    confidence: int | None
    reason: str


class AidsEntry(EntryHead):
    """The evaluator opened an item's aids, which locked its verdict."""

    kind: Literal["aids opened"]


AnyJudgmentEntry = JudgmentEntryV1 | JudgmentEntry
ChainEntry = AnyJudgmentEntry | FlagEntry | GuessEntry | AidsEntry
"""What stands in an evaluator's chain."""


class EventEntryV1(TypedDict):
    """An event of version 1."""

    round: str
    number: int
    at: str
    actor: str
    action: str
    detail: JsonObject


class EventEntry(EventEntryV1):
    """An event of version 2."""

    v: Literal[2]
    program: str
    """Version of the program that wrote it."""


LogEntry = EventEntryV1 | EventEntry
"""What stands in a round's log."""


class ChainLink(TypedDict):
    """An entry in its evaluator's chain."""

    evaluator: str
    number: int
    chain: str
    """Digest of the entry and every earlier entry."""
    entry: ChainEntry


class EventLink(TypedDict):
    """An event in its round's log."""

    number: int
    chain: str
    """Digest of the entry and every earlier entry."""
    event: LogEntry


def entry_kind(entry: ChainEntry) -> EntryKind:
    """What an entry says that the evaluator did; version 1 knows judgments only."""
    return cast("EntryKind", entry.get("kind", "judgment"))


def is_judgment(entry: ChainEntry) -> TypeGuard[AnyJudgmentEntry]:
    """Whether the entry is a judgment, of either version."""
    return entry_kind(entry) == "judgment"


def is_flag(entry: ChainEntry) -> TypeGuard[FlagEntry]:
    """Whether the entry is a flag."""
    return entry_kind(entry) == "flag"


def is_guess(entry: ChainEntry) -> TypeGuard[GuessEntry]:
    """Whether the entry is an answer to the blinding question."""
    return entry_kind(entry) == "guess"


def is_aids(entry: ChainEntry) -> TypeGuard[AidsEntry]:
    """Whether the entry says that aids were opened."""
    return entry_kind(entry) == "aids opened"


def entry_time(entry: ChainEntry) -> str:
    """When the entry was made, as canonical text; in version 1 as the browser dated it."""
    first, later = cast("JudgmentEntryV1", entry), cast("EntryHead", entry)
    return later["at"] if "v" in entry else first["judged_at"]


def read_judgment(entry: AnyJudgmentEntry) -> Judgment:
    """The judgment in an entry."""
    return Judgment(
        item=entry["item"],
        verdict=entry["verdict"],
        hypothesis=entry["hypothesis"],
        confidence=entry["confidence"],
        comment=entry["comment"],
        revision=entry["revision"],
        position=entry["position"],
        shown_at=datetime.fromisoformat(entry["shown_at"]),
        judged_at=datetime.fromisoformat(entry_time(entry)),
        active_seconds=entry["active_seconds"],
        unfolded=entry["unfolded"],
        fixed_width=entry["fixed_width"],
        step=entry["step"],
    )


def event_entry(round_id: str, event_row: StoredEvent) -> LogEntry:
    """The entry of one event in its round's log, in the form in which it was written."""
    first: EventEntryV1 = {
        "round": round_id,
        "number": event_row.number,
        "at": canonical_time(event_row.at),
        "actor": event_row.actor,
        "action": event_row.action,
        "detail": event_row.detail,
    }
    if event_row.version == 1:
        return first
    return {**first, "v": ENTRY_VERSION, "program": str(event_row.program)}


def event_link(round_id: str, event_row: StoredEvent) -> EventLink:
    """A stored event as a link of its round's log."""
    return {"number": event_row.number, "chain": event_row.chain, "event": event_entry(round_id, event_row)}


def canonical_time(moment: datetime) -> str:
    """A time as canonical text: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
