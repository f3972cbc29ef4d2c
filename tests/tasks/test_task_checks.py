"""A task that contradicts itself is refused where it is added, and what it shows of an item where a round is drawn."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.foundation.errors import DesignError
from app.tasks.item import Passage
from app.tasks.registry import add_task
from app.tasks.rubric import AnswerChoice, Rubric
from app.tasks.task import ControlAnswers, Presentation
from app.tasks.task_checks import require_consistent, require_presentable
from tests.tasks.pair_task import PAIR
from tests.tasks.three_task import THREE

PASSAGES = (Passage((" a", " b"), (0, 5), 1, "top"), Passage((" c", " d"), (3, 0), 0, "random"))


class OneAnswer(Rubric):
    question: str = "?"

    @property
    def choices(self) -> tuple[AnswerChoice, ...]:
        return (AnswerChoice(value="word", label="W"),)


class ThirdTwice(OneAnswer):
    @property
    def choices(self) -> tuple[AnswerChoice, ...]:
        return (*super().choices, AnswerChoice(value="topic", label="T"), AnswerChoice(value="cannot_judge", label="?"))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"name": "Three"}, "cannot be named so"),
        ({"rubric": OneAnswer()}, "needs two answers or more"),
        ({"rubric": ThirdTwice()}, "has the answer cannot_judge"),
        ({"outcome": THREE.outcome.model_copy(update={"counted_answers": ("wrod",)})}, "counts an answer that it does"),
        ({"outcome": THREE.outcome.model_copy(update={"counted_answers": ("word", "topic", "junk")})}, "every answer"),
        ({"control_answers": ControlAnswers("wrod", "junk")}, "expects an answer on items of known truth"),
        ({"control_answers": ControlAnswers("junk", "word")}, "must count the answer that is expected"),
    ],
)
def test_a_task_that_contradicts_itself_is_refused(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(DesignError, match=complaint):
        require_consistent(replace(THREE, **changes))


def test_the_name_of_another_task_is_refused() -> None:
    with pytest.raises(DesignError, match="there is a task pair already"):
        add_task(replace(PAIR, template="other.html"))


@pytest.mark.parametrize(
    "presentation",
    [Presentation(PASSAGES[:1], "first"), Presentation(PASSAGES), Presentation(PASSAGES, "third")],
    ids=["a passage is missing", "no right answer", "no answer of the task"],
)
def test_what_a_task_shows_must_be_whole_and_right(presentation: Presentation) -> None:
    with pytest.raises(DesignError, match="shows other passages than it was given, or has a right answer that is none"):
        require_presentable(PAIR, PASSAGES, presentation)


def test_a_task_without_right_answers_cannot_have_one() -> None:
    def present(passages: Sequence[Passage]) -> Presentation:
        return Presentation(tuple(passages), "word")

    with pytest.raises(DesignError, match="has a right answer that is none"):
        require_presentable(THREE, PASSAGES, present(PASSAGES))
