"""Another toy: three answers of which two count, items of known truth, and words that are awkward."""

from pathlib import Path

from app.tasks.outcome import Outcome
from app.tasks.rubric import AnswerChoice, Rubric
from app.tasks.task import ControlAnswers, Task


class ThreeRubric(Rubric):
    """The words of the task."""

    question: str = "Is it a word, a topic, or neither? {peaks} 100 % “so”"

    @property
    def choices(self) -> tuple[AnswerChoice, ...]:
        """The three answers."""
        labels = {"word": "A <b>word</b>", "topic": "A topic, {0} & more", "junk": "Neither, 100 %"}
        return tuple(AnswerChoice(value=value, label=label) for value, label in labels.items())


THREE = Task(
    name="three",
    template="three.html",
    template_folder=Path(__file__).parent,
    rubric=ThreeRubric(),
    outcome=Outcome(
        counted_answers=("word", "topic"),
        name="SOME {rule} 5 %",
        opposite="NO {rule}",
        participle="called a “word” or topic",
        sentence="{people} called {fractions} a word or a topic (100 % {sure}).",
        question="call a different fraction of {units} a word or a topic",
    ),
    control_answers=ControlAnswers(with_rule="word", without_rule="junk"),
)
