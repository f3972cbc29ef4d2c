"""Where an evaluator stands: which item, which question, how many are left. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from app.judging.judgment import Step

UNDOABLE = 10
"""How many of the latest verdicts can be changed."""

Question = Literal["verdict", "hypothesis"]


@dataclass(frozen=True)
class Given:
    """The latest answer on one item."""

    item: str
    verdict: str
    step: Step
    revision: int
    """Of the latest row; the next one has this plus one."""
    locked: bool = False
    """An aid was opened: the verdict can no longer be changed."""


@dataclass(frozen=True)
class Place:
    """What the evaluator is to do now."""

    item: str
    question: Question
    revision: int
    """The revision that the answer will be."""
    given: Given | None
    """The answer already there, when one is being continued or changed."""

    @property
    def key(self) -> str:
        """Idempotency key of the answer: two tabs, two clicks or a resent form share it."""
        return f"{self.item}.{self.revision}"

    @property
    def next_key(self) -> str:
        """The key of the question that follows on the same item."""
        return f"{self.item}.{self.revision + 1}"


@dataclass(frozen=True)
class Sheet:
    """An evaluator's items in order, and what has been answered so far."""

    order: tuple[str, ...]
    given: tuple[Given, ...]
    """Items that were judged, by the time of their first verdict."""
    skipped: frozenset[str] = frozenset()
    """Items flagged as too distressing: missing, not judged."""
    latest: str | None = None
    """The item that the latest row is about."""

    def of(self, item: str) -> Given | None:
        """The answer on `item`, if there is one."""
        return next((one for one in self.given if one.item == item), None)

    @property
    def judged(self) -> int:
        """How many items have a verdict."""
        return len(self.given)

    def place(self, *, hypothesis: bool) -> Place | None:
        """The question to ask now; None when everything is done."""
        if hypothesis and self.latest is not None:
            last = self.of(self.latest)
            if last is not None and last.step == "verdict":
                return Place(last.item, "hypothesis", last.revision + 1, last)
        return next(iter(self._open()), None)

    def after(self, item: str) -> Place | None:
        """The first open verdict that is not on `item`: what can be fetched ahead while `item` is read."""
        return next((one for one in self._open() if one.item != item), None)

    def changeable(self, item: str) -> Place | None:
        """The place for changing the verdict on `item`; None if it is too far back, locked or not judged."""
        found = next((one for one in self.given[-UNDOABLE:] if one.item == item and not one.locked), None)
        return Place(found.item, "verdict", found.revision + 1, found) if found else None

    def before(self, item: str | None) -> str | None:
        """The item whose verdict undo reaches from `item`: the one judged just before it, within the last ten."""
        items = [one.item for one in self.given[-UNDOABLE:] if not one.locked]
        if item in items:
            items = items[: items.index(item)]
        return items[-1] if items else None

    def _open(self) -> list[Place]:
        done = {one.item for one in self.given} | self.skipped
        return [Place(code, "verdict", 0, None) for code in self.order if code not in done]


def position_of(order: Sequence[str], item: str) -> int:
    """The item's place in the evaluator's order, from 0."""
    return list(order).index(item)
