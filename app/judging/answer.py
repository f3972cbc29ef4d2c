"""An answer as a page sends it, and whose turn it is: what may be answered now, what a repeated key means. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.judgment import Step, Verdict
from app.judging.worklist import DueQuestion, Worklist

LONGEST_SECONDS = 7 * 24 * 3600.0
"""A page may lie open for a week; a clock that claims more is cut to that."""

OUT_OF_TURN = translatable(
    "That page was out of date. Nothing was changed; go back to your reading for what is due now."
)
NOT_YOURS = translatable(
    "That item is not one of yours. Nothing was stored; go back to your reading for the one that is due."
)
VERDICTS_ONLY = translatable("This round asks for verdicts only. Nothing was stored.")
WRITTEN = translatable(
    "You had already written something else about this item. “Change last answer” lets you change it."
)
ANSWERED = translatable(
    "You had already answered this item: %(answer)s. That stands; “Change last answer” lets you change it."
)


@dataclass(frozen=True)
class Answer:
    """A verdict, or what was written after one."""

    item: str
    key: str
    """Idempotency key of the page it was given on."""
    step: Step
    verdict: Verdict | None = None
    """None in the hypothesis step: the verdict stays as it is."""
    hypothesis: str = ""
    confidence: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class Timing:
    """What the page measured, in seconds; None where it ran without a script."""

    elapsed: float | None = None
    """From display to answer."""
    active: float | None = None
    """The same without idle stretches."""
    waited: float = 0.0
    """From answer to arrival, when the network was away."""
    unfolded: bool = False
    fixed_width: bool = False

    def judged_at(self, now: datetime) -> datetime:
        """When the answer was given."""
        return now - timedelta(seconds=min(self.waited, LONGEST_SECONDS))

    def shown_at(self, noted: datetime | None, now: datetime) -> datetime:
        """When the item was displayed: by the page's clock or the server's note, whichever is earlier.

        A page that was loaded again counts from then on; the note, made at the first display, stands.
        """
        judged_at = self.judged_at(now)
        claimed = judged_at - timedelta(seconds=min(self.elapsed or 0.0, LONGEST_SECONDS))
        return min(noted or claimed, claimed)

    def active_seconds(self, noted: datetime | None, now: datetime) -> float:
        """Seconds of attention, never more than there were."""
        whole = (self.judged_at(now) - self.shown_at(noted, now)).total_seconds()
        return round(whole if self.active is None else min(self.active, whole), 3)


def require_turn(sheet: Worklist, answer: Answer, *, second: bool) -> None:
    """Raise JudgmentError unless `answer` is to the question that is due, or to one that undo reaches."""
    if answer.item not in sheet.order:
        raise JudgmentError(NOT_YOURS)
    if answer.step == "hypothesis" and not sheet.has_second(answer.item, second=second):
        raise JudgmentError(VERDICTS_ONLY)
    if answer.key not in {place.key for place in _open_places(sheet, answer, second=second)}:
        raise JudgmentError(OUT_OF_TURN)


def require_same(said: Answer, answer: Answer, label: str) -> None:
    """A key that was used before must bring the same answer again. Raises JudgmentError with what stands.

    `label` is how the evaluator's button calls the verdict that was given.
    """
    written = (answer.hypothesis, answer.confidence, answer.comment)
    if answer.step == "hypothesis" and written != (said.hypothesis, said.confidence, said.comment):
        raise JudgmentError(WRITTEN)
    if answer.step != said.step or (answer.verdict or said.verdict) != said.verdict:
        raise JudgmentError(ANSWERED, answer=label)


def _open_places(sheet: Worklist, answer: Answer, *, second: bool) -> list[DueQuestion]:
    due = sheet.place(second=second)
    again = sheet.changeable(answer.item)
    if answer.step == "verdict":
        return [one for one in (due, again) if one is not None and one.question == "verdict"]
    written = [due] if due is not None and due.question == "hypothesis" else []
    return written + ([again] if again is not None else [])
