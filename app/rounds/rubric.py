"""The words evaluators read, versioned with the design. No arm, activation or hypothesis is named in them. Pure."""

import math

from pydantic import BaseModel, ConfigDict, Field

SHARE = 0.8
"""Of the strongest firings, how many one rule has to explain."""


class Rubric(BaseModel):
    """The question, its two answers and the rule; `{needed}` and `{peaks}` stand for the design's counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    question: str = Field(default="Can one rule explain what this neuron fires on most strongly?", min_length=1)
    interpretable: str = Field(default="INTERPRETABLE", min_length=1)
    not_interpretable: str = Field(default="NOT INTERPRETABLE", min_length=1)
    rule: str = "80 % or more of the strongest firings can be explained by a single rule or category."
    operational: str = (
        "The strongest firings are the {peaks} framed tokens, one in each passage. "
        "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
    )
    notes: str = ""
    """Anything to add to the instructions."""
    examples: tuple[str, ...] = (
        "the word “apple”",
        "any phrase that has to do with music",
        "the closing bracket of a list",
    )

    def words(self, peaks: int) -> dict[str, object]:
        """The rubric with its counts filled in, for pages."""
        counts = {"peaks": peaks, "needed": math.ceil(SHARE * peaks)}
        filled = {"operational": self.operational.format(**counts), **counts}
        return self.model_dump(mode="json") | filled
