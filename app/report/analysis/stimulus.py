"""What an item shows apart from its words: the numbers that could tell arms apart without reading."""

from app.report.analysis.frame import Stimulus
from app.rounds.item import Item


def stimulus(item: Item) -> Stimulus:
    """Marked tokens, the sum of levels, and tokens."""
    levels = [level for one in item.passages for level in one.levels]
    return Stimulus(
        item=item.code,
        marked=sum(level > 0 for level in levels),
        level_sum=sum(levels),
        tokens=len(levels),
    )
