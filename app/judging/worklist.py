"""An evaluator's worklist: which item and which question is due, what can be changed, how much is left. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from app.judging.judgment import Step, Verdict

MOST_CHANGEABLE_ANSWERS = 10
"""How many of the latest verdicts can be changed."""

QuestionKind = Literal["verdict", "hypothesis", "guess"]


@dataclass(frozen=True)
class StandingAnswer:
    """The latest answer on one item: the one that counts."""

    item_code: str
    verdict: Verdict
    step: Step
    revision: int
    """How often the answer was revised; the next answer has the next number."""
    locked: bool = False
    """The aids were opened, so the verdict can no longer be changed."""
    first_verdict: Verdict | None = None
    first_judged_at: datetime | None = None
    first_active_seconds: float = 0.0
    """Active seconds until the first verdict."""

    def revised(self, verdict: Verdict, step: Step) -> "StandingAnswer":
        """The next answer on the same item."""
        return replace(self, verdict=verdict, step=step, revision=self.revision + 1)


@dataclass(frozen=True)
class DueQuestion:
    """The question that the evaluator has to answer now."""

    item_code: str
    asks: QuestionKind
    revision: int
    """The revision that the answer will be."""
    standing_answer: StandingAnswer | None
    """The answer that is continued or changed; None for a new item."""

    @property
    def answer_id(self) -> str:
        """The id of the answer: what two tabs, two clicks or a resent form send under it is stored once."""
        return f"{self.item_code}.{self.revision}"

    @property
    def next_answer_id(self) -> str:
        """The id of the answer to the question that follows on the same item."""
        return f"{self.item_code}.{self.revision + 1}"


@dataclass(frozen=True)
class Worklist:
    """An evaluator's items in order, and what has been answered so far."""

    item_codes: tuple[str, ...]
    """In the evaluator's own order; practice items come first."""
    standing_answers: tuple[StandingAnswer, ...]
    """By the time of the first verdict on the item."""
    flagged: frozenset[str] = frozenset()
    """Items flagged as faulty or too distressing: missing, not judged."""
    latest_item: str | None = None
    """The item of the latest judgment."""
    practice_items: frozenset[str] = frozenset()
    """Items for practice: they come first and are not counted."""
    shown_at: Mapping[str, datetime] = field(default_factory=dict)
    """{code: when the item was first displayed}, for items that were displayed."""
    answer_ids: frozenset[str] = frozenset()
    """The ids of all answers."""
    asks_second_step: bool = False
    """The design asks for something after every verdict: a hypothesis, or a look at the aids."""

    @property
    def nothing_done(self) -> bool:
        """Whether the evaluator has not answered or flagged anything, so that their chain is empty."""
        return not self.answer_ids and not self.flagged

    @property
    def counted_items(self) -> tuple[str, ...]:
        """The items that are not for practice, in order."""
        return tuple(code for code in self.item_codes if code not in self.practice_items)

    @property
    def finished_count(self) -> int:
        """How many counted items are judged or flagged."""
        return len((self._judged_items() | self.flagged) - self.practice_items)

    def answer_on(self, item_code: str) -> StandingAnswer | None:
        """The answer on this item, if there is one."""
        return next((answer for answer in self.standing_answers if answer.item_code == item_code), None)

    def can_have_been_seen(self, item_code: str) -> bool:
        """Whether the item was displayed, or is one of the next two: the second of them is fetched early."""
        following = self.next_verdict()
        after_that = self.next_verdict(ignoring=following.item_code) if following else None
        next_codes = [question.item_code for question in (following, after_that) if question]
        return item_code in self.shown_at or item_code in next_codes or self.answer_on(item_code) is not None

    def number_and_total(self, item_code: str) -> tuple[int, int]:
        """(number of the item from 1, number of items), among the practice items or among the counted ones."""
        practice = item_code in self.practice_items
        alike = [code for code in self.item_codes if (code in self.practice_items) == practice]
        return alike.index(item_code) + 1, len(alike)

    def has_second_step(self, item_code: str) -> bool:
        """Whether a step follows the verdict: the design's, or the feedback on a practice item."""
        return self.asks_second_step or item_code in self.practice_items

    def due_question(self) -> DueQuestion | None:
        """The question to ask now; None when everything is done."""
        unfinished = self.unfinished_answer()
        if unfinished is not None:
            return DueQuestion(unfinished.item_code, "hypothesis", unfinished.revision + 1, unfinished)
        return self.next_verdict()

    def unfinished_answer(self, ignoring: str = "") -> StandingAnswer | None:
        """An answer whose second step is missing, preferably the latest; the item `ignoring` is left out.

        There can be two: an evaluator may go back from the second step of one item to the verdict of an earlier one.
        """
        unfinished = [answer for answer in self.standing_answers if self._lacks_second_step(answer)]
        candidates = [answer for answer in unfinished if answer.item_code != ignoring]
        latest = (answer for answer in candidates if answer.item_code == self.latest_item)
        return next(latest, candidates[0] if candidates else None)

    def next_verdict(self, ignoring: str = "") -> DueQuestion | None:
        """The first item without a verdict, except `ignoring`: its page can be fetched while that item is read."""
        return next((question for question in self._open_verdicts() if question.item_code != ignoring), None)

    def change_of_verdict(self, item_code: str) -> DueQuestion | None:
        """The question that changes the verdict on an item; None if it is too far back, locked or not judged."""
        answer = next((answer for answer in self._changeable_answers() if answer.item_code == item_code), None)
        return DueQuestion(answer.item_code, "verdict", answer.revision + 1, answer) if answer else None

    def changeable_item_before(self, item_code: str | None) -> str | None:
        """The item judged just before this one, or the last one judged, if its verdict can be changed."""
        changeable = [answer.item_code for answer in self._changeable_answers()]
        if item_code in changeable:
            changeable = changeable[: changeable.index(item_code)]
        return changeable[-1] if changeable else None

    def undo_target(self, item_code: str | None, revision: int = 0) -> str | None:
        """The item whose verdict “Change last answer” opens on the page that asks for this `revision` of an item.

        If the page's own item has been answered, it is that item; otherwise it is the item judged before it.
        """
        answer = self.answer_on(item_code) if item_code else None
        if answer is None or answer.revision < revision or self.change_of_verdict(answer.item_code) is None:
            return self.changeable_item_before(item_code)
        return item_code

    def with_answer(self, standing_answer: StandingAnswer, answer_id: str) -> "Worklist":
        """The worklist after this answer, whose id is `answer_id`, was stored."""
        answers = {answer.item_code: answer for answer in self.standing_answers}
        answers[standing_answer.item_code] = standing_answer
        return replace(
            self,
            standing_answers=tuple(answers.values()),
            latest_item=standing_answer.item_code,
            answer_ids=self.answer_ids | {answer_id},
        )

    def with_flagged(self, item_code: str) -> "Worklist":
        """The worklist after this item was flagged."""
        return replace(self, flagged=self.flagged | {item_code})

    def _lacks_second_step(self, answer: StandingAnswer) -> bool:
        """Whether the item has a second step and only its verdict was given."""
        needs_second_step = self.has_second_step(answer.item_code) and answer.item_code not in self.flagged
        return needs_second_step and answer.step == "verdict"

    def _changeable_answers(self) -> list[StandingAnswer]:
        """The answers among the last ten whose aids were not opened and whose items were not flagged."""
        latest = self.standing_answers[-MOST_CHANGEABLE_ANSWERS:]
        return [answer for answer in latest if not answer.locked and answer.item_code not in self.flagged]

    def _open_verdicts(self) -> Iterator[DueQuestion]:
        finished = self._judged_items() | self.flagged
        return (DueQuestion(code, "verdict", 0, None) for code in self.item_codes if code not in finished)

    def _judged_items(self) -> set[str]:
        return {answer.item_code for answer in self.standing_answers}
