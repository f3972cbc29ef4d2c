"""Where an evaluator stands: which item, which question, how many are left. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from app.judging.judgment import Step

UNDOABLE = 10
"""How many of the latest verdicts can be changed."""

Question = Literal["verdict", "hypothesis", "guess"]


@dataclass(frozen=True)
class StandingAnswer:
    """The latest answer on one item."""

    item: str
    verdict: str
    step: Step
    revision: int
    """Of the latest row; the next one has this plus one."""
    locked: bool = False
    """An aid was opened: the verdict can no longer be changed."""
    first: str = ""
    """The verdict that was given first."""
    at: datetime | None = None
    """When the first verdict was given."""
    seconds: float = 0.0
    """Active seconds until then."""

    def then(self, verdict: str, step: Step) -> "StandingAnswer":
        """The next answer on the same item."""
        return replace(self, verdict=verdict, step=step, revision=self.revision + 1)


@dataclass(frozen=True)
class DueQuestion:
    """What the evaluator is to do now."""

    item: str
    question: Question
    revision: int
    """The revision that the answer will be."""
    given: StandingAnswer | None
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
class Worklist:
    """An evaluator's items in order, and what has been answered so far."""

    order: tuple[str, ...]
    given: tuple[StandingAnswer, ...]
    """Items that were judged, by the time of their first verdict."""
    skipped: frozenset[str] = frozenset()
    """Items flagged as faulty or too distressing: missing, not judged."""
    latest: str | None = None
    """The item that the latest row is about."""
    training: frozenset[str] = frozenset()
    """Items for practice, which come first and count for nothing."""
    shown_at: Mapping[str, datetime] = field(default_factory=dict)
    """When each item that was displayed was first displayed."""
    keys: frozenset[str] = frozenset()
    """Idempotency keys of all answers."""

    def of(self, item: str) -> StandingAnswer | None:
        """The answer on `item`, if there is one."""
        return next((one for one in self.given if one.item == item), None)

    @property
    def proper(self) -> tuple[str, ...]:
        """The items that are no practice, in order."""
        return tuple(item for item in self.order if item not in self.training)

    @property
    def done(self) -> int:
        """How many proper items are judged or passed over."""
        return len(({one.item for one in self.given} | self.skipped) - self.training)

    def number(self, item: str) -> tuple[int, int]:
        """The item's number among its kind, from 1, and how many of the kind there are."""
        kind = self.training.intersection(self.order) if item in self.training else set(self.proper)
        return [one for one in self.order if one in kind].index(item) + 1, len(kind)

    def has_second(self, item: str, *, second: bool) -> bool:
        """Whether a step follows the verdict: the design's, or the word on a practice item."""
        return second or item in self.training

    def place(self, *, second: bool) -> DueQuestion | None:
        """The question to ask now; None when everything is done. `second` is the design's."""
        due = self.pending(second=second)
        if due is not None:
            return DueQuestion(due.item, "hypothesis", due.revision + 1, due)
        return next(self._open(), None)

    def pending(self, *, second: bool, but: str = "") -> StandingAnswer | None:
        """An answer whose second step is still to come, the latest one first; that on the item `but` aside.

        There is more than one where undo went on from a second step to an item before it.
        """
        waiting = [one for one in self.given if one.item != but and self._waits(one, second=second)]
        return next((one for one in waiting if one.item == self.latest), waiting[0] if waiting else None)

    def after(self, item: str) -> DueQuestion | None:
        """The first open verdict that is not on `item`: what can be fetched ahead while `item` is read."""
        return next((one for one in self._open() if one.item != item), None)

    def changeable(self, item: str) -> DueQuestion | None:
        """The place for changing the verdict on `item`; None if it is too far back, locked or not judged."""
        found = next((one for one in self._undoable() if one.item == item), None)
        return DueQuestion(found.item, "verdict", found.revision + 1, found) if found else None

    def before(self, item: str | None) -> str | None:
        """The item that was judged just before `item`, or last of all, within the last ten that can be changed."""
        items = [one.item for one in self._undoable()]
        if item in items:
            items = items[: items.index(item)]
        return items[-1] if items else None

    def earlier(self, item: str | None, revision: int = 0) -> str | None:
        """The item whose verdict undo reaches from the page of `item` that asks for its `revision`.

        Once that was answered it is the item itself: the answer just given is what was mistaken most likely.
        """
        given = self.of(item) if item else None
        answered = given is not None and given.revision >= revision and self.changeable(given.item) is not None
        return item if answered else self.before(item)

    def answered(self, given: StandingAnswer, key: str) -> "Worklist":
        """The sheet once an item has this answer."""
        known = any(one.item == given.item for one in self.given)
        others = tuple(given if one.item == given.item else one for one in self.given)
        return replace(
            self, given=others if known else (*others, given), latest=given.item, keys=self.keys | frozenset({key})
        )

    def passed_over(self, item: str) -> "Worklist":
        """The sheet once an item is flagged."""
        return replace(self, skipped=self.skipped | {item})

    def _waits(self, given: StandingAnswer, *, second: bool) -> bool:
        """Whether only the verdict was given where more is asked."""
        return given.step == "verdict" and self.has_second(given.item, second=second) and given.item not in self.skipped

    def _undoable(self) -> list[StandingAnswer]:
        """What undo reaches: of the last ten verdicts, those whose aids are shut and that were not passed over."""
        return [one for one in self.given[-UNDOABLE:] if not one.locked and one.item not in self.skipped]

    def _open(self) -> Iterator[DueQuestion]:
        done = {one.item for one in self.given} | self.skipped
        return (DueQuestion(code, "verdict", 0, None) for code in self.order if code not in done)
