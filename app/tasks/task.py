"""The interface of a task: what evaluators are asked of an item, and what their answers mean. Pure.

Stages know tasks by this class alone. A task is one room, a package beside this file, and one template; `registry.py`
names them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.tasks.item import Passage
from app.tasks.outcome import Outcome
from app.tasks.rubric import Rubric


@dataclass(frozen=True)
class Presentation:
    """How an item shows its passages, and the right answer to it."""

    passages: tuple[Passage, ...]
    """As many as there were, in the same order, with the same texts and peaks; levels and groups may be others."""
    right_answer: str | None = None
    """One of the rubric's answers; None if no answer is right or wrong. It is stored in the seal alone."""


@dataclass(frozen=True)
class ControlAnswers:
    """The answers that are expected on items that are made to follow one rule, and on items without any."""

    with_rule: str
    without_rule: str


def present_unchanged(passages: Sequence[Passage]) -> Presentation:
    """Show the passages as they are; nothing is right or wrong."""
    return Presentation(tuple(passages))


@dataclass(frozen=True)
class Task:
    """A task. All of its parts are constants and functions without state, so two rounds cannot influence each other."""

    name: str
    """How designs name it: small letters, digits and hyphens."""
    template: str
    """The template of what is shown beside the passages. It defines macros, which docs/architecture.md lists."""
    rubric: Rubric
    """The standard words that evaluators read, with the answers that exist; a design can have others of its class."""
    outcome: Outcome
    """What the answers mean."""
    present: Callable[[Sequence[Passage]], Presentation] = present_unchanged
    """From a unit's passages, in the order drawn for this item, to what is shown. Whoever sees the item must not be
    able to tell the right answer but by judging: `group` and levels are shown unless they are replaced here."""
    control_answers: ControlAnswers | None = None
    """What is expected of planted items, the purity ladder and practice items; None if the task has none of these."""
    template_folder: Path | None = None
    """Where the template lies; None for the program's own templates."""

    @property
    def answers(self) -> tuple[str, ...]:
        """Its answers, in the order of their keys."""
        return tuple(choice.value for choice in self.rubric.choices)

    @property
    def has_right_answers(self) -> bool:
        """Whether its items have right answers."""
        return not self.outcome.counted_answers
