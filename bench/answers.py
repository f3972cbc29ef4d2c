"""The first two answers of each task, for rounds and forgeries that know nothing else of a task."""

from collections.abc import Iterator

from app.tasks.registry import all_tasks
from app.tasks.rubric import CANNOT_JUDGE


def _pairs() -> Iterator[tuple[str, str]]:
    for task in all_tasks():
        first, second, *_ = (choice.value for choice in task.rubric.choices)
        yield first, second


def all_answers() -> list[str]:
    """Every answer of every task, and the one that all have."""
    return [answer for pair in _pairs() for answer in pair] + [CANNOT_JUDGE]


def is_second(verdict: str | None) -> bool:
    """Whether it is the second answer of a task."""
    return any(verdict == second for _, second in _pairs())


def other_answer(verdict: str) -> str:
    """The first answer of a task for its second one, and the second one for the first; others stay as they are."""
    for first, second in _pairs():
        if verdict in (first, second):
            return first if verdict == second else second
    return verdict


def first_answer(verdict: str) -> str:
    """The first answer of the task that has this one; "cannot judge", which every task has, stays."""
    return other_answer(verdict) if is_second(verdict) else verdict
