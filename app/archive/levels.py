"""Activations as strengths, and as the levels 0-5 that pages show; the rule is the same for every arm. Pure."""

import math
from collections.abc import Sequence

LEVEL_COUNT = 5
MARK_LEVELS = range(1, LEVEL_COUNT + 1)
"""The levels that pages mark, from the faintest to the strongest; level 0 has no mark."""
FAINTEST_STRENGTH = 0.1
"""Below this strength a token has level 0 and is shown without a mark."""
RANKED_TOKEN_COUNT = 100
"""Tokens that `rank_levels` marks in each item, the same number at each level."""


def relative_strength(activation: float, maximum: float) -> float:
    """max(0, activation / the neuron's largest activation in the harvest)."""
    return max(0.0, activation / maximum) if maximum > 0 else 0.0


def strength_level(strength: float) -> int:
    """ceil(5 x strength), and 0 below strength 0.1."""
    return 0 if strength < FAINTEST_STRENGTH else min(LEVEL_COUNT, math.ceil(LEVEL_COUNT * strength))


def proportional_levels(activations: Sequence[float], maximum: float) -> tuple[int, ...]:
    """The level of each token, scaled by the neuron's largest activation (the paper's marks)."""
    return tuple(strength_level(relative_strength(activation, maximum)) for activation in activations)


def rank_levels(snippets: Sequence[Sequence[float]]) -> list[tuple[int, ...]] | None:
    """Levels by rank, from activations [snippet, token]: the 100 strongest positive tokens, 20 at each level.

    Of equal tokens the earlier one comes first. None if there are fewer than 100: such a neuron is not drawn, in any
    arm. So every item has the same number of marks, however sparse its neuron is.
    """
    ranked = sorted(
        (-activation, row, position)
        for row, activations in enumerate(snippets)
        for position, activation in enumerate(activations)
        if activation > 0
    )
    if len(ranked) < RANKED_TOKEN_COUNT:
        return None
    levels = [[0] * len(activations) for activations in snippets]
    per_level = RANKED_TOKEN_COUNT // LEVEL_COUNT
    for rank, (_, row, position) in enumerate(ranked[:RANKED_TOKEN_COUNT]):
        levels[row][position] = LEVEL_COUNT - rank // per_level
    return [tuple(snippet_levels) for snippet_levels in levels]
