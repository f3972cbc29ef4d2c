"""The words of the task: its question, two answers and the rule by which evaluators choose. Pure."""

import math
import re
from typing import Self

from pydantic import ConfigDict, Field

from app.foundation.json_types import JsonObject
from app.foundation.translatable import translatable
from app.tasks.rubric import DEFAULT_PEAKS, AnswerChoice, Rubric, Translate

SHARE = 0.8
"""The share of the strongest firings that one rule has to explain."""
OPERATIONAL = translatable(
    "The strongest firings are the {peaks} framed tokens, one in each passage. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
OPERATIONAL_AMONG_GROUPS = translatable(
    "The strongest firings are the {peaks} framed tokens under “Strongest”, one in each passage there. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
"""The criterion for items that show passages of other groups too."""
QUESTIONS = {
    "neuron": translatable("Can one rule explain what this neuron fires on most strongly?"),
    "latent": translatable("Can one rule explain what this latent fires on most strongly?"),
    "direction": translatable("Can one rule explain what this direction fires on most strongly?"),
    "unit": translatable("Can one rule explain what this unit fires on most strongly?"),
}
"""{word for what is judged: the standard question}; a round with another word asks of a unit."""
INTERPRETABLE, NOT_INTERPRETABLE = "interpretable", "not_interpretable"
"""The two answers."""

PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(peaks|needed)\}")
"""What is replaced in the exact words: the two counts, and a brace that is written twice."""


def fill_in(template: str, peaks: int, needed: int) -> str:
    """The template with the counts for `{peaks}` and `{needed}`, and one brace for two; nothing else is replaced.

    A template comes from a design, so it is text and no format string: those can name attributes and widths.
    """
    counts = {"peaks": str(peaks), "needed": str(needed)}
    return PLACEHOLDER.sub(lambda match: counts.get(match[1], match[0][0]), template)


class FirstGlanceRubric(Rubric):
    """The question, its two answers and the rule; `{needed}` and `{peaks}` stand for the design's counts."""

    question: str = Field(default=QUESTIONS["neuron"], min_length=1)
    """What evaluators are asked of every item."""
    interpretable: str = Field(default=translatable("INTERPRETABLE"), min_length=1)
    """Label of the button for an item that one rule explains."""
    not_interpretable: str = Field(default=translatable("NOT INTERPRETABLE"), min_length=1)
    """Label of the button for any other item."""
    rule: str = translatable("80 % or more of the strongest firings can be explained by a single rule or category.")
    """The criterion in the paper's words."""
    operational: str = OPERATIONAL
    """The criterion in exact words: which firings count and how many must fit; {peaks} and {needed} are the counts."""
    examples: tuple[str, ...] = (
        translatable("the word “apple”"),
        translatable("any phrase that has to do with music"),
        translatable("the closing bracket of a list"),
    )
    """Rules that an evaluator might write down."""

    @property
    def choices(self) -> tuple[AnswerChoice, ...]:
        """The two answers."""
        return (
            AnswerChoice(value=INTERPRETABLE, label=self.interpretable),
            AnswerChoice(value=NOT_INTERPRETABLE, label=self.not_interpretable),
        )

    @property
    def criteria(self) -> tuple[str, ...]:
        """The criterion in the paper's words and in exact words."""
        return self.rule, self.operational

    def filled_in(self, peaks: int, *, among_groups: bool = False, unit: str = "neuron") -> "FilledRubric":
        """The rubric for `peaks` strongest firings; set `among_groups` if items show passages of other groups too."""
        standard_question = self.question == QUESTIONS["neuron"]
        question = QUESTIONS.get(unit, QUESTIONS["unit"]) if standard_question else self.question
        needed = math.ceil(SHARE * peaks)
        standard = among_groups and self.operational == OPERATIONAL
        template = OPERATIONAL_AMONG_GROUPS if standard else self.operational
        operational = fill_in(template, peaks, needed)
        counted = {"question": question, "operational": operational, "peaks": peaks, "needed": needed}
        return FilledRubric(**self.model_dump() | counted)

    @classmethod
    def from_words(cls, words: JsonObject) -> "FilledRubric":
        """From the words of a public design, as JSON values; what is missing is taken from the default rubric."""
        peaks = words.get("peaks", DEFAULT_PEAKS)
        default = FirstGlanceRubric().filled_in(peaks if isinstance(peaks, int) else DEFAULT_PEAKS)
        return FilledRubric.model_validate(default.model_dump() | words)

    def foreign_placeholder(self) -> str:
        """The first text in braces of the exact words that stands for nothing; a single brace counts."""
        rest = PLACEHOLDER.sub("", self.operational)
        match = re.search(r"\{[^{}]*\}?|\}", rest)
        return match[0] if match else ""


class FilledRubric(FirstGlanceRubric):
    """The rubric as evaluators read it, with the design's counts in its words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    peaks: int
    """Strongest firings per item."""
    needed: int
    """How many of them must fit one rule."""

    @property
    def public_numbers(self) -> JsonObject:
        """How many peaks must fit one rule."""
        return {"needed": self.needed}

    def translated(self, translate: Translate) -> Self:
        """The rubric in the reader's language. The counts in its rule are filled in, so that is found by its text."""
        for message in (OPERATIONAL, OPERATIONAL_AMONG_GROUPS):
            if fill_in(message, self.peaks, self.needed) == self.operational:
                operational = fill_in(translate(message), self.peaks, self.needed)
                return super().translated(translate).model_copy(update={"operational": operational})
        return super().translated(translate)
