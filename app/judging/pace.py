"""An evaluator's pace: how many items are left, how long they will take, and whether a break is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.public_design import PublicDesign
from app.judging.worklist import StandingAnswer, Worklist

LONG_BREAK = timedelta(minutes=30)
"""An evaluator who comes back after such a break is shown how many items are left."""
FEWEST_ANSWERS_FOR_PACE = 5
"""A pace is estimated from at least this many answers."""
DAILY_CAP_REACHED = translatable(
    "Nothing was stored: the items that this round asks for in one day are done and saved. Come back tomorrow."
)
PRACTICE_NOT_PASSED = translatable(
    "You answered too few practice items correctly to continue in this round. Nothing was stored."
)


@dataclass(frozen=True)
class EvaluatorPace:
    """How many items an evaluator has left, and which notes about breaks to show."""

    items_left: int | None
    """How many items are left; None where items are assigned one at a time, so that nobody knows how many will come."""
    minutes_left: float | None
    """How long these will take at the evaluator's own pace; None until there are enough answers."""
    returning: bool
    """The last answer is longer ago than LONG_BREAK."""
    break_due: bool
    daily_cap_reached: bool

    @property
    def hours_left(self) -> float | None:
        """The minutes left, in hours rounded to the half hour."""
        return None if self.minutes_left is None else round(self.minutes_left / 30) / 2


def evaluator_pace(worklist: Worklist, design: PublicDesign, now: datetime) -> EvaluatorPace:
    """The evaluator's pace at the time `now`."""
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
    """Whether the cap of the day (UTC) is reached, or will be after `coming` further answers."""
    if not design.daily_cap:
        return False
    days = [answer.first_judged_at.date() for answer in _counted_answers(worklist) if answer.first_judged_at]
    return days.count(now.date()) + coming >= design.daily_cap


def practice_passed(worklist: Worklist, design: PublicDesign) -> bool:
    """Whether the evaluator may continue: as many first answers to practice items are right as the design asks for.

    As long as a practice item is open, the evaluator may. An item that was flagged without an answer is not open any
    more, and not right either: else whoever flags one would pass without a right answer.
    """
    answers = [answer for answer in worklist.standing_answers if answer.item_code in worklist.practice_items]
    finished_items = worklist.flagged | {answer.item_code for answer in answers}
    if not design.training_pass or not worklist.practice_items <= finished_items:
        return True
    expected = design.practice_answers
    right = sum(expected[answer.item_code]["verdict"] == answer.first_verdict for answer in answers)
    return right >= design.training_pass


def next_verdict_follows(worklist: Worklist, design: PublicDesign, item_code: str, now: datetime) -> bool:
    """Whether the page after an answer on this item is certainly the next item's verdict, and no other page."""
    if item_code in worklist.practice_items or not practice_passed(worklist, design):
        return False
    coming = int(worklist.answer_on(item_code) is None)
    unfinished = worklist.unfinished_answer(ignoring=item_code)
    return unfinished is None and not daily_cap_reached(worklist, design, now, coming)


def require_new_item_allowed(worklist: Worklist, design: PublicDesign, item_code: str, now: datetime) -> None:
    """Raise JudgmentError for a first verdict if the practice was not passed or the daily cap is reached."""
    if item_code in worklist.practice_items or worklist.answer_on(item_code) is not None:
        return
    require_practice_passed(worklist, design, item_code)
    if daily_cap_reached(worklist, design, now):
        raise JudgmentError(DAILY_CAP_REACHED)


def require_practice_passed(worklist: Worklist, design: PublicDesign, item_code: str) -> None:
    """Raise JudgmentError for an item that is not for practice if the practice was not passed."""
    if item_code not in worklist.practice_items and not practice_passed(worklist, design):
        raise JudgmentError(PRACTICE_NOT_PASSED)


def _counted_answers(worklist: Worklist) -> list[StandingAnswer]:
    """The answers on items that are not for practice, if the time of the answer is known."""
    counted = (answer for answer in worklist.standing_answers if answer.item_code not in worklist.practice_items)
    return [answer for answer in counted if answer.first_judged_at is not None]


def _minutes_for(items_left: int | None, answers: list[StandingAnswer]) -> float | None:
    if items_left is None or len(answers) < FEWEST_ANSWERS_FOR_PACE:
        return None
    return median(answer.first_active_seconds for answer in answers) * items_left / 60
