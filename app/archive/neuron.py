"""The statistics of one neuron that a harvest stores besides its snippets. Pure.

Rounds use them for the aids after the verdict, and to draw neurons. An evaluator sees none of them before judging,
since scales, signs and densities differ between arms.
"""

from dataclasses import dataclass

NeuronKey = tuple[int, int]
"""A neuron's layer, and its index in the layer."""
DEAD_MAXIMUM = 0.001
"""A neuron is dead if its largest activation is under this share of the median maximum of its layer."""
DEAD_FIRING_WINDOWS = 5
"""A neuron is also dead if it reaches strength 0.1 in fewer windows than this."""
QUANTILES = (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0)
"""Shares of the sampled tokens at which `NeuronStatistics.quantiles` gives the activation."""


@dataclass(frozen=True)
class FiringToken:
    """A token on which the neuron reaches strength 0.1."""

    piece: bytes
    count: int
    """How many of the sampled firings are on this token."""
    strength: float
    """Mean strength of these firings."""


@dataclass(frozen=True)
class LogitEffect:
    """What one unit of activation adds to a token's logit directly, past every later layer."""

    piece: bytes
    effect: float


@dataclass(frozen=True)
class NeuronStatistics:
    """One neuron of one model at the archive's site. Activations are in the site's own units."""

    layer: int
    index: int
    maximum: float
    minimum: float
    mean: float
    density: float
    """Share of scored tokens at strength 0.1 or more, from the token sample."""
    contexts: int
    """Windows in which the neuron reaches strength 0.1: an exact count."""
    dead: bool
    same_token_share: float
    """Largest share of the top snippets whose peaks are the same word, ignoring case and white space."""
    suppressed: int
    """Windows left out of the top list as near-duplicates of stronger ones."""
    histogram: tuple[int, ...]
    """Sampled tokens per equal-width bin between `edges`."""
    edges: tuple[float, ...]
    """Bin edges from the minimum to the maximum, one more than bins."""
    quantiles: tuple[float, ...]
    """The sampled activation at each of QUANTILES."""
    tokens: tuple[FiringToken, ...]
    """The tokens on which it fires most often in the sample."""
    promoted: tuple[LogitEffect, ...]
    """Largest direct logit effects, largest first; empty for a callable without an unembedding."""
    suppressed_tokens: tuple[LogitEffect, ...]
    """Most negative direct logit effects, most negative first."""
