"""What a harvest knows of one neuron besides its snippets. Pure.

Aids for after the verdict, and for the frame; an evaluator sees none of it before judging, since scales, signs and
densities differ between arms.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

DEAD_MAXIMUM = 0.001
"""A neuron is dead if its largest activation is under this share of its layer's median maximum, ..."""
DEAD_CONTEXTS = 5
"""... or if fewer windows than this reach strength 0.1."""


@dataclass(frozen=True)
class FiringToken:
    """A token on which the neuron reaches strength 0.1, with how often it did in the sample and how strongly."""

    piece: bytes
    count: int
    strength: float
    """Mean strength over those times."""


@dataclass(frozen=True)
class LogitEffect:
    """What one unit of activation adds to a token's logit directly, past every later layer."""

    piece: bytes
    effect: float


Effects = tuple[tuple[LogitEffect, ...], tuple[LogitEffect, ...]]
"""One neuron's most promoted and most suppressed tokens."""
EffectsOf = Callable[[str, int], Iterator[Effects]]
"""From a site and a layer to the effects of its neurons, in order."""


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
    """Windows that reach strength 0.1: exact."""
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
    """Sampled quantiles at QUANTILES."""
    tokens: tuple[FiringToken, ...]
    """The tokens it fires on most often in the sample."""
    promoted: tuple[LogitEffect, ...]
    """Largest direct logit effects, largest first; empty for a callable without an unembedding."""
    suppressed_tokens: tuple[LogitEffect, ...]
    """Most negative direct logit effects, most negative first."""


QUANTILES = (0.0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1.0)
