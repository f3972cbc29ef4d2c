"""The words evaluators read, versioned with the design. No arm, activation or hypothesis is named in them. Pure."""

import math
import re

from pydantic import BaseModel, ConfigDict, Field

from app.foundation.json_types import JsonObject
from app.foundation.translatable import translatable

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
CANNOT_JUDGE = translatable("Cannot judge")
"""The label of the third answer; no design can change it."""
DEFAULT_PEAKS = 20
"""Strongest firings per item where a public design does not say how many."""


PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(peaks|needed)\}")
"""What is replaced in the exact words: the two counts, and a brace that is written twice."""


def fill_in(template: str, peaks: int, needed: int) -> str:
    """The template with the counts for `{peaks}` and `{needed}`, and one brace for two; nothing else is replaced.

    A template comes from a design, so it is text and no format string: those can name attributes and widths.
    """
    counts = {"peaks": str(peaks), "needed": str(needed)}
    return PLACEHOLDER.sub(lambda match: counts.get(match[1], match[0][0]), template)


def foreign_placeholder(template: str) -> str:
    """The first text in braces that stands for nothing, such as “{peeks}”; a single brace counts. Empty if none."""
    rest = PLACEHOLDER.sub("", template)
    match = re.search(r"\{[^{}]*\}?|\}", rest)
    return match[0] if match else ""


class Rubric(BaseModel):
    """The question, its two answers and the rule; `{needed}` and `{peaks}` stand for the design's counts."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    version: int = 1
    """Version of these words; raise it when you change them."""
    question: str = Field(
        default=translatable("Can one rule explain what this neuron fires on most strongly?"), min_length=1
    )
    """What evaluators are asked of every item."""
    interpretable: str = Field(default=translatable("INTERPRETABLE"), min_length=1)
    """Label of the button for an item that one rule explains."""
    not_interpretable: str = Field(default=translatable("NOT INTERPRETABLE"), min_length=1)
    """Label of the button for any other item."""
    rule: str = translatable("80 % or more of the strongest firings can be explained by a single rule or category.")
    """The criterion in the paper's words."""
    operational: str = OPERATIONAL
    """The criterion in exact words: which firings count and how many must fit; {peaks} and {needed} are the counts."""
    notes: str = ""
    """More text for the instructions; an empty line begins a new paragraph."""
    examples: tuple[str, ...] = (
        translatable("the word “apple”"),
        translatable("any phrase that has to do with music"),
        translatable("the closing bracket of a list"),
    )
    """Rules that an evaluator might write down."""

    def filled_in(self, peaks: int, *, among_groups: bool = False) -> "FilledRubric":
        """The rubric for `peaks` strongest firings; set `among_groups` if items show passages of other groups too."""
        needed = math.ceil(SHARE * peaks)
        standard = among_groups and self.operational == OPERATIONAL
        template = OPERATIONAL_AMONG_GROUPS if standard else self.operational
        operational = fill_in(template, peaks, needed)
        return FilledRubric(**self.model_dump() | {"operational": operational, "peaks": peaks, "needed": needed})


class FilledRubric(Rubric):
    """The rubric as evaluators read it, with the design's counts in its words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    peaks: int
    """Strongest firings per item."""
    needed: int
    """How many of them must fit one rule."""

    @classmethod
    def from_words(cls, words: JsonObject) -> "FilledRubric":
        """From the words of a public design, as JSON values; what is missing is taken from the default rubric."""
        peaks = words.get("peaks", DEFAULT_PEAKS)
        default = Rubric().filled_in(peaks if isinstance(peaks, int) else DEFAULT_PEAKS)
        return cls.model_validate(default.model_dump() | words)

    def label(self, verdict: str) -> str:
        """The English text on the button of a verdict."""
        labels = {"interpretable": self.interpretable, "not_interpretable": self.not_interpretable}
        return labels.get(verdict, CANNOT_JUDGE)
