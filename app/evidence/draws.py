"""The seed of a draw from two halves, and the draws that a round's log counts. Pure and open.

The server draws its half of the seed, and logs the half's digest together with the name of a public value that does not
exist yet. The seed is a hash of both. So the server cannot try draws until one pleases it, and whoever gives the value
without having seen the half cannot either.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.evidence.entries import EventLink
from app.evidence.event_details import (
    AnnouncedDetail,
    CopiedDetail,
    CreatedDetail,
    DrawDetail,
    LockedDetail,
    RelatedRound,
    SealedDetail,
    read_detail,
)
from app.foundation.digest import sha256, sha256_of_json
from app.foundation.json_types import JsonObject
from app.foundation.typography import visible_text
from app.rounds.allocation import NeuronAddress
from app.rounds.design_fields import SeedRule

PUBLIC_VALUE = re.compile(r"[!-@\[-~]+( [!-@\[-~]+)*")
"""How a public value is written, which leaves few spellings of it; its name has to say which one is meant."""


class LoggedStep(NamedTuple):
    """What an entry of a round's log says: its action and its detail."""

    action: str
    detail: JsonObject


@dataclass(frozen=True)
class CellLeftOut:
    """How many neurons of a cell were left out because named evaluators had seen them."""

    arm: str
    stratum: str
    neuron_count: int


@dataclass(frozen=True)
class DrawHistory:
    """How the seed of a round came about, and every draw that its log counts."""

    seed_rule: SeedRule
    number: int
    """Number of the draw whose neurons were sealed, counted from 1; before the seal, of the last draw."""
    draw_count: int
    """How many draws were begun, the sealed one included."""
    cancelled: int
    """How many of them were cancelled and not used."""
    restarted: int
    """How many of them were interrupted, so that another draw was begun in their place."""
    announced: int
    """How many times a half of a seed was announced."""
    begun_again: int
    """How many times the seal was begun again from the same half and value, which gives the same draw."""
    starts_logged: bool
    """Whether the log names every draw when it begins; logs of version 0.1.0 name sealed and cancelled ones only."""
    half_sha256: str | None = None
    """SHA-256 of the announced half; None, like the public name and value, if the server drew the seed alone."""
    public_name: str | None = None
    public_value: str | None = None
    value_length: int | None = None
    """How many characters the value had to have by the announcement; None without one."""
    copied_from: str | None = None
    """Id of the round that this one is a copy of."""
    copied_state: str | None = None
    """The state of that round when it was copied."""
    copied_draws: int | None = None
    """How many draws were begun in that round and those that it was copied from; None if the log does not say."""
    copied_announced: int | None = None
    """How many times a half was announced there."""
    same_archives: tuple[str, ...] | None = None
    """Ids of the other rounds of the server with the same models, at the draw; None if the log does not say."""
    related_rounds: tuple[RelatedRound, ...] | None = None
    """These rounds at the lock, with their draws; None before it, or if the log does not say."""
    left_out_cells: tuple[CellLeftOut, ...] = ()
    """How many neurons of each cell no draw could have, because named evaluators had seen them, as the seal has it."""
    left_out_rounds: tuple[str, ...] = ()
    """Ids of the rounds in which they had seen them."""

    @property
    def total_draw_count(self) -> int:
        """How many draws were begun in this round and those that it was copied from."""
        return self.draw_count + (self.copied_draws or 0)

    @property
    def total_announced_count(self) -> int:
        """How many times a half was announced in this round and those that it was copied from."""
        return self.announced + (self.copied_announced or 0)


def half_digest(half: str) -> str:
    """SHA-256 of a half of a seed, which is 64 hexadecimal digits; the digest is what is announced."""
    return sha256(bytes.fromhex(half))


def seed_from_halves(half: str, public_name: str, public_value: str) -> str:
    """The seed of a draw: SHA-256 of the canonical JSON {half, public_name, public_value}."""
    return sha256_of_json({"half": half, "public_name": public_name, "public_value": public_value})


def left_out_digest(addresses: Sequence[NeuronAddress]) -> str:
    """SHA-256 of the sorted list of addresses that a draw leaves out."""
    return sha256_of_json([list(neuron) for neuron in addresses])


def public_value_problem(public_value: str, value_length: int | None) -> str:
    """A sentence that says how a public value has to be written; empty if it is written so."""
    if not PUBLIC_VALUE.fullmatch(public_value):
        return (
            f"The public value “{visible_text(public_value)}” is not written by the rule that leaves no choice of "
            "spelling: letters in lower case without accents, digits, the punctuation of ASCII, and single spaces "
            "between words."
        )
    if value_length is not None and len(public_value) != value_length:
        return (
            f"The public value “{public_value}” has {len(public_value)} characters; the announcement says that it has "
            f"{value_length}."
        )
    return ""


def steps_of_log(log: Iterable[EventLink]) -> list[LoggedStep]:
    """What the entries of a log say, without times and actors."""
    return [LoggedStep(link["event"]["action"], link["event"]["detail"]) for link in log]


def draw_history(steps: Sequence[LoggedStep]) -> DrawHistory:
    """How the seed came about, from a round's log. Raises SealError if one of its entries has another form."""
    tally = _DrawTally()
    for action, detail in steps:
        _COUNTERS.get(action, _ignore)(tally, detail)
    return tally.history()


@dataclass
class _DrawTally:
    """The draws counted so far while a log is read."""

    drawn_numbers: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)
    sealed_draw: DrawDetail | None = None
    sealed_number: int | None = None
    announced: int = 0
    value_lengths: dict[str, int] = field(default_factory=dict)
    """{digest of an announced half: the length that the announcement gives the public value}"""
    begun_again: int = 0
    starts_logged: bool = True
    copied: CopiedDetail | None = None
    created: CreatedDetail | None = None
    locked: LockedDetail | None = None

    def next_number(self) -> int:
        """The number of a draw that the log does not number."""
        return max(self.drawn_numbers, default=0) + 1

    def history(self) -> DrawHistory:
        """The counts, once the whole log is read."""
        sealed_draw, copied = self.sealed_draw or DrawDetail(number=0), self.copied
        final = {self.sealed_number} if self.sealed_number is not None else set()
        return DrawHistory(
            seed_rule=sealed_draw.seed_rule,
            number=self.sealed_number or max(self.drawn_numbers, default=0),
            draw_count=len(self.drawn_numbers),
            cancelled=len(self.cancelled - final),
            restarted=len(self.drawn_numbers - self.cancelled - final),
            announced=self.announced,
            begun_again=self.begun_again,
            starts_logged=self.starts_logged,
            half_sha256=sealed_draw.half_sha256,
            public_name=sealed_draw.public_name,
            public_value=sealed_draw.public_value,
            value_length=self.value_lengths.get(sealed_draw.half_sha256 or ""),
            copied_from=copied.source if copied else None,
            copied_state=copied.state if copied else None,
            copied_draws=copied.draw_count if copied else None,
            copied_announced=copied.announcement_count if copied else None,
            same_archives=sealed_draw.same_archives or (self.created.same_archives if self.created else None),
            related_rounds=self.locked.related_rounds if self.locked else None,
            left_out_rounds=sealed_draw.left_out.rounds if sealed_draw.left_out else (),
        )


def _count_created(tally: _DrawTally, detail: JsonObject) -> None:
    tally.created = read_detail(CreatedDetail, detail)


def _count_copied(tally: _DrawTally, detail: JsonObject) -> None:
    tally.copied = read_detail(CopiedDetail, detail)


def _count_announced(tally: _DrawTally, detail: JsonObject) -> None:
    announcement = read_detail(AnnouncedDetail, detail)
    tally.announced += 1
    tally.value_lengths[announcement.half_sha256] = announcement.value_length


def _count_begun(tally: _DrawTally, detail: JsonObject) -> None:
    draw = read_detail(DrawDetail, detail)
    tally.begun_again += draw.number in tally.drawn_numbers
    tally.drawn_numbers.add(draw.number)


def _count_cancelled(tally: _DrawTally, detail: JsonObject) -> None:
    number = detail.get("number")
    cancelled = number if isinstance(number, int) else tally.next_number()
    tally.drawn_numbers.add(cancelled)
    tally.cancelled.add(cancelled)


def _count_sealed(tally: _DrawTally, detail: JsonObject) -> None:
    tally.sealed_draw = read_detail(SealedDetail, detail).draw
    tally.starts_logged = tally.sealed_draw is not None
    tally.sealed_number = tally.next_number() if tally.sealed_draw is None else tally.sealed_draw.number
    tally.drawn_numbers.add(tally.sealed_number)


def _count_locked(tally: _DrawTally, detail: JsonObject) -> None:
    if "v" in detail:
        tally.locked = read_detail(LockedDetail, detail)


def _ignore(_tally: _DrawTally, _detail: JsonObject) -> None:
    """Other entries of the log say nothing about draws."""


_COUNTERS: dict[str, Callable[[_DrawTally, JsonObject], None]] = {
    "created": _count_created,
    "copied": _count_copied,
    "draw announced": _count_announced,
    "seal begun": _count_begun,
    "seal cancelled": _count_cancelled,
    "sealed": _count_sealed,
    "locked": _count_locked,
}
