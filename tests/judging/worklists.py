"""Worklists of fifteen items, judged up to some item, in a design that asks for a hypothesis after each verdict."""

from dataclasses import replace

from app.judging.judgment import Step
from app.judging.worklist import StandingAnswer, Worklist

ITEM_CODES = tuple(f"item{number}" for number in range(15))


def judged_worklist(judged_count: int, last_step: Step = "hypothesis") -> Worklist:
    """The first items are judged, with a hypothesis; of the last of them `last_step` was the latest."""
    answers = [StandingAnswer(code, "interpretable", "hypothesis", 1) for code in ITEM_CODES[:judged_count]]
    if answers and last_step == "verdict":
        answers[-1] = replace(answers[-1], step="verdict", revision=0)
    latest_item = answers[-1].item_code if answers else None
    return Worklist(ITEM_CODES, tuple(answers), latest_item=latest_item, asks_second_step=True)


def with_locked_answer(worklist: Worklist, index: int) -> Worklist:
    """The aids of one answer's item were opened."""
    answers = list(worklist.standing_answers)
    answers[index] = replace(answers[index], locked=True)
    return replace(worklist, standing_answers=tuple(answers))
