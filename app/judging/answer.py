"""An answer as a page sends it, whether its question may be answered now, and when it repeats a stored answer. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.judgment import Step, Verdict
from app.judging.worklist import DueQuestion, Worklist

LONGEST_SECONDS = 7 * 24 * 3600.0
"""A page may be open for a week; a longer time that a page's clock reports is cut to a week."""

OUT_OF_TURN = translatable(
    "That page was out of date. Nothing was changed; go back to your items to see what is due now."
)
NOT_YOUR_ITEM = translatable(
    "That item is not one of yours. Nothing was stored; go back to your items to see the one that is due."
)
VERDICTS_ONLY = translatable("This round asks for verdicts only. Nothing was stored.")
OTHER_TEXT_STORED = translatable(
    "You already wrote something else about this item. Use “Change last answer” to change it."
)
OTHER_VERDICT_STORED = translatable(
    "You already answered this item: %(answer)s. That answer counts; use “Change last answer” to change it."
)


@dataclass(frozen=True)
class Answer:
    """A verdict, or the texts that were written after a verdict."""

    item_code: str
    answer_id: str
    """The id that its page was sent with: two answers of one id are one."""
    step: Step
    verdict: Verdict | None = None
    """None in the hypothesis step: the verdict stays as it is."""
    hypothesis: str = ""
    confidence: int | None = None
    comment: str = ""


@dataclass(frozen=True)
class PageTiming:
    """What the page reported, in seconds; None where it ran without a script."""

    elapsed_seconds: float | None = None
    """Seconds from display to answer."""
    attentive_seconds: float | None = None
    """Seconds from display to answer without the times when the evaluator did nothing."""
    delay_seconds: float | None = None
    """Seconds from answer to arrival: the network may have failed in between."""
    unfolded: bool = False
    """The folded parts of the windows were opened."""
    fixed_width: bool = False
    """The text was shown in a fixed-width font."""

    def shown_at(self, noted_at: datetime | None, earliest: datetime, answered_at: datetime) -> datetime:
        """When the item was displayed: when the server noted it, or when the page says, whichever is earlier.

        A reloaded page restarts its own clock, so the note of the first display is kept. A page that was fetched ahead
        is displayed before the server knows it, and a changed verdict has no note; then the page is believed, but never
        that it was before `earliest`, the time of the evaluator's entry before.
        """
        reported = (self.elapsed_seconds or 0.0) + (self.delay_seconds or 0.0)
        claimed_at = answered_at - timedelta(seconds=min(reported, LONGEST_SECONDS))
        possible_at = min(max(claimed_at, earliest), answered_at)
        return possible_at if noted_at is None else min(noted_at, possible_at)

    def active_seconds(self, shown_at: datetime, answered_at: datetime) -> float:
        """Seconds of attention, at most the seconds between display and answer by the server's clock."""
        passed = (answered_at - shown_at).total_seconds()
        return round(passed if self.attentive_seconds is None else min(self.attentive_seconds, passed), 3)


def require_answer_in_turn(worklist: Worklist, answer: Answer) -> None:
    """Raise JudgmentError unless `answer` belongs to the question that is due or to a verdict that can be changed."""
    if answer.item_code not in worklist.item_codes:
        raise JudgmentError(NOT_YOUR_ITEM)
    if answer.step == "hypothesis" and not worklist.has_second_step(answer.item_code):
        raise JudgmentError(VERDICTS_ONLY)
    if answer.answer_id not in {question.answer_id for question in _answerable_questions(worklist, answer)}:
        raise JudgmentError(OUT_OF_TURN)


def require_same_answer(stored: Answer, answer: Answer, stored_label: str) -> None:
    """Raise JudgmentError if an answer with a known id differs from the stored one; the message names the stored one.

    `stored_label` is the text on the button of the stored verdict.
    """
    texts = (answer.hypothesis, answer.confidence, answer.comment)
    if answer.step == "hypothesis" and texts != (stored.hypothesis, stored.confidence, stored.comment):
        raise JudgmentError(OTHER_TEXT_STORED)
    if answer.step != stored.step or (answer.verdict or stored.verdict) != stored.verdict:
        raise JudgmentError(OTHER_VERDICT_STORED, answer=stored_label)


def _answerable_questions(worklist: Worklist, answer: Answer) -> list[DueQuestion]:
    """The questions that an answer with this step and item can belong to."""
    due, change = worklist.due_question(), worklist.change_of_verdict(answer.item_code)
    if answer.step == "verdict":
        return [question for question in (due, change) if question is not None and question.asks == "verdict"]
    second_step = due if due is not None and due.asks == "hypothesis" else None
    return [question for question in (second_step, change) if question is not None]
