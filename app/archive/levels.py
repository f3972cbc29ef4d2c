"""Activations to strengths and to the levels 0-5 that are drawn: one rule for every arm. Pure."""

import math
from collections.abc import Sequence

LEVELS = 5
FAINTEST = 0.1
"""Strength under which nothing is drawn."""
RANKED = 100
"""Tokens marked per item by `rank_levels`, RANKED / LEVELS at each level."""


def strength(activation: float, maximum: float) -> float:
    """max(0, activation / the neuron's largest activation in the harvest)."""
    return max(0.0, activation / maximum) if maximum > 0 else 0.0


def level(value: float) -> int:
    """ceil(5 x strength), and 0 below strength 0.1."""
    return 0 if value < FAINTEST else min(LEVELS, math.ceil(LEVELS * value))


def proportional_levels(activations: Sequence[float], maximum: float) -> tuple[int, ...]:
    """The level of each token, scaled by the neuron's largest activation (the paper's marks)."""
    return tuple(level(strength(one, maximum)) for one in activations)


def rank_levels(windows: Sequence[Sequence[float]]) -> list[tuple[int, ...]] | None:
    """Levels by rank: the 100 strongest tokens with activation > 0 over all windows, 20 per level.

    Ties go to the earlier position. None if there are fewer than 100: such a neuron leaves the frame, by the
    same rule in every arm. So every item has the same number of marks, whatever its sparsity.
    """
    places = [
        (-value, window, token)
        for window, values in enumerate(windows)
        for token, value in enumerate(values)
        if value > 0
    ]
    if len(places) < RANKED:
        return None
    levels = [[0] * len(values) for values in windows]
    per_level = RANKED // LEVELS
    for place, (_, window, token) in enumerate(sorted(places)[:RANKED]):
        levels[window][token] = LEVELS - place // per_level
    return [tuple(values) for values in levels]
