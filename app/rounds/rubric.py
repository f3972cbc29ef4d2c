"""The words evaluators read, versioned with the design. No arm, activation or hypothesis is named in them. Pure."""

import math

from pydantic import BaseModel, ConfigDict, Field

SHARE = 0.8
"""Of the strongest firings, how many one rule has to explain."""


OPERATIONAL = (
    "The strongest firings are the {peaks} framed tokens, one in each passage. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
OF_GROUPS = (
    "The strongest firings are the {peaks} framed tokens under “Strongest”, one in each passage there. "
    "Answer INTERPRETABLE if at least {needed} of the {peaks} fit one rule that you could write down."
)
"""The same where an item has passages of other groups too."""


class Rubric(BaseModel):
    """The question, its two answers and the rule; `{needed}` and `{peaks}` stand for the design's counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    question: str = Field(default="Can one rule explain what this neuron fires on most strongly?", min_length=1)
    interpretable: str = Field(default="INTERPRETABLE", min_length=1)
    not_interpretable: str = Field(default="NOT INTERPRETABLE", min_length=1)
    rule: str = "80 % or more of the strongest firings can be explained by a single rule or category."
    operational: str = OPERATIONAL
    notes: str = ""
    """Anything to add to the instructions."""
    examples: tuple[str, ...] = (
        "the word “apple”",
        "any phrase that has to do with music",
        "the closing bracket of a list",
    )

    def words(self, peaks: int, *, among: bool = False) -> dict[str, object]:
        """The rubric with its counts filled in, for pages; `among`: the peaks stand among passages of other groups."""
        counts = {"peaks": peaks, "needed": math.ceil(SHARE * peaks)}
        rule = OF_GROUPS if among and self.operational == OPERATIONAL else self.operational
        filled = {"operational": rule.format(**counts), **counts}
        return self.model_dump(mode="json") | filled
