"""Scripted evaluators: they judge by a fixed rule, from nothing but their pages.

The verdict is the first answer on the page if at least a given share of the snippets' peak tokens are the same word,
ignoring case and spaces, and the second one otherwise. On a share of the items, which a seed picks, an evaluator
lapses: it gives the opposite verdict.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from app.robots.page import HtmlPage
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round

LAPSE = 0.05
"""The share of items on which a scripted evaluator lapses."""


@dataclass(frozen=True)
class ScriptedEvaluator:
    """An evaluator that judges by the rule above."""

    name: str
    """The pseudonym under which it is invited."""
    share: float
    """The verdict is the first answer if at least this share of the peaks are the same word."""
    seed: int
    """Fixes on which items it lapses."""

    def verdict(self, page: HtmlPage, lapses: random.Random) -> str:
        """The verdict on the item of a page."""
        is_one_word = most_common_share(page.peaks) >= self.share
        if lapses.random() < LAPSE:
            is_one_word = not is_one_word
        return page.answers[0 if is_one_word else 1]

    def judge_round(self, visitor: Visitor, token: str) -> int:
        """Open an invitation and judge every item by the rule; returns how many verdicts were sent."""
        lapses = random.Random(self.seed)
        answers = Answers(lambda page: self.verdict(page, lapses))
        return sum(page.step == "verdict" for page in walk_round(visitor, token, answers))


SCRIPTED_EVALUATORS = (
    ScriptedEvaluator("script 1 (80 %)", 0.8, 1),
    ScriptedEvaluator("script 2 (70 %)", 0.7, 2),
    ScriptedEvaluator("script 3 (90 %)", 0.9, 3),
)
"""The scripted evaluators that judge the demo's round."""


def most_common_share(peaks: Sequence[str]) -> float:
    """The share of peaks that are the most common word, ignoring case and spaces; 0 without peaks."""
    words = Counter("".join(peak.split()).lower() for peak in peaks)
    return max(words.values()) / len(peaks) if peaks else 0.0
