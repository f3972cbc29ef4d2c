"""How an evaluator is getting on: what is left, how long that takes them, whether a rest is due. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.judging.public_design import PublicDesign
from app.judging.worklist import Worklist

AWAY = timedelta(minutes=30)
"""After so long without an answer, someone has come back and is told where they stand."""
ENOUGH = 5
"""Answers from which on a pace can be told."""
ENOUGH_TODAY = translatable(
    "Nothing was stored: the items that this round asks for in one day are done and saved. Come back tomorrow."
)
NOT_PASSED = translatable(
    "Nothing was stored: this round goes on only for those who answer more of the practice items as expected."
)


@dataclass(frozen=True)
class Pace:
    """Where an evaluator stands among their items."""

    left: int | None
    """Items to go; None where they are given out one at a time and nobody knows how many will come."""
    minutes: float | None
    """For what is left, at the evaluator's own pace; None until there is one."""
    returning: bool
    """Some time has passed since the last answer."""
    break_due: bool
    capped: bool
    """The design's daily cap is reached."""

    @property
    def hours(self) -> float | None:
        """The same in hours, to the half."""
        return None if self.minutes is None else round(self.minutes / 30) / 2


def pace(sheet: Worklist, design: PublicDesign, now: datetime) -> Pace:
    """How far the sheet has come at `now`; days are those of UTC."""
    given = [one for one in sheet.given if one.at is not None and one.item not in sheet.training]
    left = None if design.assignment == "overlap" else len(sheet.proper) - sheet.done
    seconds = median(one.seconds for one in given) if len(given) >= ENOUGH else None
    last = max((one.at for one in given if one.at), default=None)
    away = last is not None and now - last > AWAY
    return Pace(
        left=left,
        minutes=None if seconds is None or left is None else seconds * left / 60,
        returning=away,
        break_due=bool(design.break_every and given and len(given) % design.break_every == 0 and not away),
        capped=capped(sheet, design, now),
    )


def capped(sheet: Worklist, design: PublicDesign, now: datetime, coming: int = 0) -> bool:
    """Whether the day's share is reached, or will be with `coming` answers more."""
    if not design.daily_cap:
        return False
    proper = (one for one in sheet.given if one.at is not None and one.item not in sheet.training)
    today = sum(one.at is not None and one.at.date() == now.date() for one in proper)
    return today + coming >= design.daily_cap


def passed(sheet: Worklist, design: PublicDesign) -> bool:
    """Whether the practice items allow going on: as many right at the first answer as the design asks for."""
    if not design.training_pass or len(sheet.training.intersection(one.item for one in sheet.given)) < design.training:
        return True
    answers = design.training_answers
    right = sum(answers[one.item]["verdict"] == one.first for one in sheet.given if one.item in sheet.training)
    return right >= design.training_pass


def goes_straight_on(sheet: Worklist, design: PublicDesign, item: str, now: datetime) -> bool:
    """Whether an answer on `item` is followed by the next open verdict, with no page between."""
    if item in sheet.training or not passed(sheet, design):
        return False
    coming = int(sheet.of(item) is None)
    return sheet.pending(second=design.second, but=item) is None and not capped(sheet, design, now, coming)


def require_leave(sheet: Worklist, design: PublicDesign, item: str, now: datetime) -> None:
    """Raise JudgmentError for a first verdict on an item that is not given to this evaluator, or not today."""
    if item in sheet.training or sheet.of(item) is not None:
        return
    if not passed(sheet, design):
        raise JudgmentError(NOT_PASSED)
    if capped(sheet, design, now):
        raise JudgmentError(ENOUGH_TODAY)
