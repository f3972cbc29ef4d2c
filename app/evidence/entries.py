"""Entries of chains: what an evaluator did, in their chain; what happened to a round, in its log. Pure and open.

An entry holds what its chain digest covers. A link is an entry with its number and digest, as exports store it. Entries
say which form they have: version 1 (program 0.1.0, judgments only) has no field `v`. A form never changes once a
program that writes it was released, so old digests stay right.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal, Protocol, TypeGuard, cast

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from app.foundation.digest import in_key_order
from app.foundation.json_types import JsonObject, to_json_value
from app.judging.judgment import Judgment, Step, Verdict

ENTRY_VERSION: Literal[2] = 2
"""The form of the entries that this program writes."""

FlagReason = Literal["fault", "distress"]
EntryKind = Literal["judgment", "flag", "guess", "aids opened"]
EventAction = Literal[
    "created", "copied", "draw announced", "seal begun", "sealed", "seal cancelled", "opened", "invited", "declined",
    "link reissued", "erased", "locked", "key read", "unblinded", "corrected", "abandoned", "exported", "audited",
    "gallery opened", "results read", "archives browsed", "archives shown", "refused", "time stamped", "carried over",
    "key named", "key proved", "key removed", "seal interrupted",
]  # fmt: skip
"""What an event of a round's log says that someone did, or tried to do."""


RESULT_ACTIONS: tuple[EventAction, ...] = ("unblinded", "corrected")
"""The steps that make a result."""


CANONICAL_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}\+00:00")
PROGRAM_VERSION = r"^[0-9][0-9A-Za-z.+!-]{0,40}$"
"""What a program's version looks like, and so nothing that could be taken for a sentence."""


def _require_canonical_time(text: str) -> str:
    """Raise ValueError unless `canonical_time` writes a time so: then the order of texts is the order of times."""
    if not CANONICAL_TIME.fullmatch(text):
        msg = "a time is written in UTC with microseconds, such as 2026-03-01T09:00:00.000000+00:00"
        raise ValueError(msg)
    datetime.fromisoformat(text)
    return text


CanonicalTime = Annotated[str, AfterValidator(_require_canonical_time)]
"""A time as `canonical_time` writes it."""


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
    shown_at: CanonicalTime
    judged_at: CanonicalTime


class ReportedTimes(TypedDict):
    """What a browser reported, in seconds; None where it reported nothing. Nothing is computed from it."""

    elapsed_seconds: float | None
    attentive_seconds: float | None
    delay_seconds: float | None


class EntryBase(TypedDict):
    """What every entry of version 2 begins with."""

    v: Literal[2]
    kind: EntryKind
    evaluator: str
    """The evaluator's pseudonym."""
    number: int
    """0, 1, 2, ... in this evaluator's chain."""
    at: CanonicalTime
    """The server's time, never before the entry before it."""
    item: str


class JudgmentEntry(EntryBase):
    """A judgment of version 2."""

    key: str
    step: Step
    verdict: Verdict
    hypothesis: str
    confidence: int | None
    comment: str
    revision: int
    position: int
    shown_at: CanonicalTime
    """When the item was displayed; where the browser says so, never before the evaluator's entry before."""
    active_seconds: float
    """What the browser reported, at most the time between `shown_at` and `at`. The analysis uses this number."""
    unfolded: bool
    fixed_width: bool
    reported: ReportedTimes


class FlagEntry(EntryBase):
    """A report that an item is faulty or too distressing; it is missing then, also if it has a verdict."""

    reason: FlagReason
    comment: str


class GuessEntry(EntryBase):
    """An answer to the blinding question."""

    guess: str
    """An arm's name, a pile, or `unknown`."""
    confidence: int | None
    reason: str


class AidsEntry(EntryBase):
    """The evaluator opened an item's aids, which locked its verdict."""


AnyJudgmentEntry = JudgmentEntryV1 | JudgmentEntry
NewEntry = JudgmentEntry | FlagEntry | GuessEntry | AidsEntry
ChainEntry = AnyJudgmentEntry | FlagEntry | GuessEntry | AidsEntry
"""What stands in an evaluator's chain."""
FORMS: Mapping[EntryKind, type[NewEntry]] = {
    "judgment": JudgmentEntry,
    "flag": FlagEntry,
    "guess": GuessEntry,
    "aids opened": AidsEntry,
}
"""The form of an entry of version 2."""


class EventEntryV1(TypedDict):
    """An event of version 1."""

    round: str
    number: int
    at: CanonicalTime
    actor: str
    action: EventAction
    detail: JsonObject


class EventEntry(EventEntryV1):
    """An event of version 2."""

    v: Literal[2]
    program: Annotated[str, Field(pattern=PROGRAM_VERSION)]
    """Version of the program that wrote it."""


LogEntry = EventEntryV1 | EventEntry
"""What stands in a round's log."""
AnyEntry = ChainEntry | LogEntry


def _require_form_of_kind(entry: ChainEntry) -> ChainEntry:
    """Raise ValueError unless the entry has exactly the fields of its kind."""
    form = FORMS[entry_kind(entry)] if "v" in entry else JudgmentEntryV1
    if entry.keys() != form.__annotations__.keys():
        msg = f"the entry does not have the fields of a {entry_kind(entry)}"
        raise ValueError(msg)
    return entry


CheckedEntry = Annotated[ChainEntry, AfterValidator(_require_form_of_kind)]
"""An entry that comes from a database or a file: it has exactly the fields of its kind."""


class ChainLink(TypedDict):
    """An entry in its evaluator's chain."""

    evaluator: str
    number: int
    chain: str
    """Digest of the entry and every earlier entry."""
    entry: CheckedEntry


EVENT_KEYS = ("round", "number", "at", "actor", "action", "detail", "v", "program")
"""The keys of an event in the order in which the program writes them."""


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
    first, later = cast("JudgmentEntryV1", entry), cast("EntryBase", entry)
    return later["at"] if "v" in entry else first["judged_at"]


def read_judgment(judgment_entry: AnyJudgmentEntry) -> Judgment:
    """The judgment in an entry."""
    return Judgment(
        item=judgment_entry["item"],
        verdict=judgment_entry["verdict"],
        hypothesis=judgment_entry["hypothesis"],
        confidence=judgment_entry["confidence"],
        comment=judgment_entry["comment"],
        revision=judgment_entry["revision"],
        position=judgment_entry["position"],
        shown_at=datetime.fromisoformat(judgment_entry["shown_at"]),
        judged_at=datetime.fromisoformat(entry_time(judgment_entry)),
        active_seconds=judgment_entry["active_seconds"],
        unfolded=judgment_entry["unfolded"],
        fixed_width=judgment_entry["fixed_width"],
        step=judgment_entry["step"],
    )


def event_entry(round_id: str, event_row: StoredEvent) -> LogEntry:
    """The entry of one event in its round's log, in the form in which it was written."""
    entry_v1: EventEntryV1 = {
        "round": round_id,
        "number": event_row.number,
        "at": canonical_time(event_row.at),
        "actor": event_row.actor,
        "action": event_row.action,
        "detail": cast("JsonObject", in_key_order(event_row.detail)),
    }
    if event_row.version == 1:
        return entry_v1
    return {**entry_v1, "v": ENTRY_VERSION, "program": str(event_row.program)}


def event_link(round_id: str, event_row: StoredEvent) -> EventLink:
    """A stored event as a link of its round's log."""
    return {"number": event_row.number, "chain": event_row.chain, "event": event_entry(round_id, event_row)}


def in_written_order(link: EventLink) -> EventLink:
    """An event of the log with its keys as the program writes them: no text may depend on their order in the file."""
    ordered_event: JsonObject = {
        key: to_json_value(link["event"].get(key)) for key in EVENT_KEYS if key in link["event"]
    }
    ordered_event["detail"] = in_key_order(ordered_event["detail"])
    return {"number": link["number"], "chain": link["chain"], "event": cast("LogEntry", ordered_event)}


def canonical_time(moment: datetime) -> str:
    """A time as canonical text: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
