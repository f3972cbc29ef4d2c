"""Scripted evaluators: they judge by a rule that is stated here, and know nothing but what their pages show.

INTERPRETABLE if at least a given share of the snippets' peak tokens are the same word, ignoring case and spaces. Each
lapses (gives the opposite verdict) on a seeded share of the items.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round

LAPSE = 0.05
"""The share of items on which a scripted evaluator lapses."""


@dataclass(frozen=True)
class Rule:
    """A mechanical evaluator."""

    name: str
    share: float
    """Least share of peaks that are the same word for INTERPRETABLE."""
    seed: int
    """Of the lapses."""

    def verdict(self, peaks: Sequence[str], lapses: random.Random) -> str:
        """The verdict on an item with these peaks."""
        interpretable = most_common_share(peaks) >= self.share
        if lapses.random() < LAPSE:
            interpretable = not interpretable
        return "interpretable" if interpretable else "not_interpretable"


RULES = (Rule("first", 0.8, 1), Rule("second", 0.7, 2), Rule("third", 0.9, 3))


def most_common_share(peaks: Sequence[str]) -> float:
    """The share of peaks that are the most common word, ignoring case and spaces; 0 without peaks."""
    words = Counter("".join(peak.split()).lower() for peak in peaks)
    return max(words.values()) / len(peaks) if peaks else 0.0


def judge_by_rule(visitor: Visitor, token: str, rule: Rule) -> int:
    """Open an invitation and judge every item by the rule; returns how many verdicts were sent."""
    lapses = random.Random(rule.seed)
    answers = Answers(lambda page: rule.verdict(page.peaks, lapses))
    return sum(page.step == "verdict" for page in walk_round(visitor, token, answers))
