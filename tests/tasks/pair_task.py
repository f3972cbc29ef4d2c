"""A toy task: which of two passages makes the unit fire more? Its marks are hidden; the right answer is known."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from app.tasks.item import Passage
from app.tasks.outcome import Outcome
from app.tasks.rubric import AnswerChoice, Rubric
from app.tasks.task import Presentation, Task


class PairRubric(Rubric):
    """The words of the task."""

    question: str = "In which passage does the framed word fire more?"

    @property
    def choices(self) -> tuple[AnswerChoice, ...]:
        """The two passages."""
        return AnswerChoice(value="first", label="The first"), AnswerChoice(value="second", label="The second")


def hide_marks(passages: Sequence[Passage]) -> Presentation:
    """Both passages without marks and groups; the one among the strongest firings is right."""
    bare = [replace(passage, levels=(0,) * len(passage.levels), group="pair") for passage in passages]
    return Presentation(tuple(bare), "first" if passages[0].group == "top" else "second")


PAIR = Task(
    name="pair",
    template="pair.html",
    template_folder=Path(__file__).parent,
    rubric=PairRubric(),
    outcome=Outcome(
        name="RIGHT",
        opposite="WRONG",
        participle="told right",
        sentence="{people} told {fractions} right.",
        question="tell a different fraction of {units} right",
    ),
    present=hide_marks,
)
