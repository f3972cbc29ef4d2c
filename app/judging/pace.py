"""How an evaluator is getting on: what is left, how long that takes them, whether a rest is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.public_design import PublicDesign
from app.judging.worklist import StandingAnswer, Worklist

LONG_BREAK = timedelta(minutes=30)
"""After so long without an answer, an evaluator who comes back is shown what is left."""
FEWEST_ANSWERS_FOR_PACE = 5
"""Answers from which a pace can be estimated."""
DAILY_CAP_REACHED = translatable(
    "Nothing was stored: the items that this round asks for in one day are done and saved. Come back tomorrow."
)
PRACTICE_NOT_PASSED = translatable(
    "Nothing was stored: this round goes on only for people who give more expected answers on the practice items."
)


@dataclass(frozen=True)
class EvaluatorPace:
    """Where an evaluator stands among their items."""

    items_left: int | None
    """Items to go; None where they are given out one at a time and nobody knows how many will come."""
    minutes_left: float | None
    """For the items left, at the evaluator's own pace; None until there is one."""
    returning: bool
    """Some time has passed since the last answer."""
    break_due: bool
    daily_cap_reached: bool

    @property
    def hours_left(self) -> float | None:
        """The minutes left in hours, to the half."""
        return None if self.minutes_left is None else round(self.minutes_left / 30) / 2


def evaluator_pace(worklist: Worklist, design: PublicDesign, now: datetime) -> EvaluatorPace:
    """How far the evaluator has come at `now`."""
    answers = _counted_answers(worklist)
    items_left = None if design.assignment == "overlap" else len(worklist.counted_items) - worklist.finished_count
    last_at = max((answer.first_judged_at for answer in answers if answer.first_judged_at), default=None)
    returning = last_at is not None and now - last_at > LONG_BREAK
    break_due = bool(design.break_every and answers and len(answers) % design.break_every == 0)
    return EvaluatorPace(
        items_left=items_left,
        minutes_left=_minutes_for(items_left, answers),
        returning=returning,
        break_due=break_due and not returning,
        daily_cap_reached=daily_cap_reached(worklist, design, now),
    )


def daily_cap_reached(worklist: Worklist, design: PublicDesign, now: datetime, coming: int = 0) -> bool:
    """Whether the cap of the day (UTC) is reached, or will be once `coming` more answers are given."""
    if not design.daily_cap:
        return False
    days = [answer.first_judged_at.date() for answer in _counted_answers(worklist) if answer.first_judged_at]
    return days.count(now.date()) + coming >= design.daily_cap


def practice_passed(worklist: Worklist, design: PublicDesign) -> bool:
    """Whether the practice items allow going on: as many right at the first answer as the design asks for."""
    answers = [answer for answer in worklist.standing_answers if answer.item_code in worklist.practice_items]
    if not design.training_pass or len(answers) < design.training:
        return True
    expected = design.practice_answers
    right = sum(expected[answer.item_code]["verdict"] == answer.first_verdict for answer in answers)
    return right >= design.training_pass


def next_verdict_follows(worklist: Worklist, design: PublicDesign, item_code: str, now: datetime) -> bool:
    """Whether an answer on this item is followed by the next open verdict, with no other page between."""
    if item_code in worklist.practice_items or not practice_passed(worklist, design):
        return False
    coming = int(worklist.answer_on(item_code) is None)
    unfinished = worklist.unfinished_answer(ignoring=item_code)
    return unfinished is None and not daily_cap_reached(worklist, design, now, coming)


def require_new_item_allowed(worklist: Worklist, design: PublicDesign, item_code: str, now: datetime) -> None:
    """Raise JudgmentError for a first verdict after a practice that was not passed, or beyond the daily cap."""
    if item_code in worklist.practice_items or worklist.answer_on(item_code) is not None:
        return
    if not practice_passed(worklist, design):
        raise JudgmentError(PRACTICE_NOT_PASSED)
    if daily_cap_reached(worklist, design, now):
        raise JudgmentError(DAILY_CAP_REACHED)


def _counted_answers(worklist: Worklist) -> list[StandingAnswer]:
    """The answers that are no practice and whose time is known."""
    counted = (answer for answer in worklist.standing_answers if answer.item_code not in worklist.practice_items)
    return [answer for answer in counted if answer.first_judged_at is not None]


def _minutes_for(items_left: int | None, answers: list[StandingAnswer]) -> float | None:
    if items_left is None or len(answers) < FEWEST_ANSWERS_FOR_PACE:
        return None
    return median(answer.first_active_seconds for answer in answers) * items_left / 60
