"""The words of a task that evaluators read, versioned with the design. They name no arm and no hypothesis. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.foundation.json_types import JsonObject
from app.foundation.translatable import translatable

CANNOT_JUDGE = "cannot_judge"
"""The answer that every task may have beside its own, where the design says so; it counts as 0."""
CANNOT_JUDGE_LABEL = translatable("Cannot judge")
"""Its label, which no design can change."""
DEFAULT_PEAKS = 20
"""Strongest firings per item where a public design does not say how many."""

Translate = Callable[[str], str]
"""From an English text to the reader's language; a text that is in no catalogue stays as it is."""


class AnswerChoice(BaseModel):
    """One of a task's answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    """What forms and chains call it."""
    label: str
    """The text of its button."""


class Rubric(BaseModel, ABC):
    """The question of a task and its answers, as a design fixes them. Each task has a class of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: int = 1
    """Version of these words; raise it when you change them."""
    question: str = Field(min_length=1)
    """What evaluators are asked of every item."""
    notes: str = ""
    """More text for the instructions; an empty line begins a new paragraph."""

    @property
    @abstractmethod
    def choices(self) -> tuple[AnswerChoice, ...]:
        """The task's own answers, in the order of their keys."""

    @property
    def criteria(self) -> tuple[str, ...]:
        """By what evaluators choose, as sentences of the preregistration."""
        return ()

    @property
    def public_numbers(self) -> JsonObject:
        """Numbers that the public design states beside the words, by name."""
        return {}

    def labelled_choices(self, *, cannot_judge: bool) -> tuple[AnswerChoice, ...]:
        """The answers that pages offer: the task's own, and then “Cannot judge” if the design has it."""
        third = (AnswerChoice(value=CANNOT_JUDGE, label=CANNOT_JUDGE_LABEL),)
        return (*self.choices, *third) if cannot_judge else self.choices

    def label(self, verdict: str) -> str:
        """The English text on the button of a verdict."""
        labels = {choice.value: choice.label for choice in self.choices}
        return labels.get(verdict, CANNOT_JUDGE_LABEL)

    def filled_in(self, peaks: int, *, among_groups: bool = False, unit: str = "neuron") -> "Rubric":  # noqa: ARG002
        """The rubric for items with `peaks` strongest firings, `among_groups` if they show other groups, too.

        `unit` is the word for what is judged.
        """
        return self

    @classmethod
    def from_words(cls, words: JsonObject) -> "Rubric":
        """The filled-in rubric back from the words of a public design, as JSON values; what is missing is standard."""
        return cls.model_validate({name: value for name, value in words.items() if name in cls.model_fields})

    def foreign_placeholder(self) -> str:
        """The first text in braces that stands for nothing, such as “{peeks}”; empty if there is none."""
        return ""

    def translated(self, translate: Translate) -> Self:
        """The rubric in the reader's language: its standard texts are in the catalogue, a design's own are not."""
        fields = type(self).model_fields
        return self.model_copy(update={name: _translated(getattr(self, name), translate) for name in fields})


def _translated(value: object, translate: Translate) -> object:
    """The value with every text in it translated; an empty text stays empty."""
    if isinstance(value, str):
        return translate(value) if value else value
    if isinstance(value, tuple):
        return tuple(_translated(member, translate) for member in value)
    return value
