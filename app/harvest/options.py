"""The options of a harvest. Pure: the command line reads them without loading torch."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from app.archive.site import require_site
from app.foundation.choices import require_choice
from app.foundation.errors import CorpusError, SettingsError

Dtype = Literal["float32", "bfloat16"]
Device = Literal["cpu", "cuda", "auto"]
LARGEST_SEED = 2**32
MOST_SNIPPETS = 10_000
"""Most top snippets of a unit; memory for all of them is taken at the beginning."""
SMALLEST_VALUES = {
    "tokens": 1,
    "k": 1,
    "window": 1,
    "overlap": 0,
    "duplicate_span": 0,
    "random": 0,
    "quantile": 0,
    "value_bin": 0,
    "contrast": 0,
    "firing": 0,
    "sample": 1,
    "batch_size": 1,
    "seed": -LARGEST_SEED,
}
"""The smallest value of each option that is a whole number."""
MAY_BE_NONE = frozenset({"tokens", "window", "duplicate_span"})
OVERLAP = 64
"""Tokens that a window shares with the one before it. They are context and never scored, so that every peak has 64
tokens, or the beginning of its document, before it."""


@dataclass(frozen=True)
class HarvestOptions:
    """The options of a harvest; all but `batch_size`, `device` and `save_every` change the archive.

    Raises SettingsError on a value that cannot be used.
    """

    tokens: int | None = None
    """Stop after the window with which this many tokens are scored; None reads the whole corpus."""
    k: int = 20
    """Top snippets per neuron, one per window."""
    window: int | None = None
    """Tokens per window, BOS included; None takes the model's longest."""
    overlap: int = OVERLAP
    seed: int = 0
    site: str = "mlp.act"
    """Where the model is read, a name as `app.archive.site` describes them."""
    layers: tuple[int, ...] | None = None
    """Layers to read; None reads all."""
    duplicate_span: int | None = 8
    """Two snippets of a neuron are near-duplicates if their tokens are the same up to this distance from the peak. Only
    the stronger one is kept; None keeps both."""
    random: int = 5
    """Uniformly drawn snippets per neuron; 0 for none, as in the next four options."""
    quantile: int = 3
    """Snippets per band of the neuron's own distribution over tokens."""
    value_bin: int = 2
    """Snippets per fifth of the range from 0 to the largest activation."""
    contrast: int = 3
    """Snippets that contain the neuron's favourite token, on which the neuron does not fire there."""
    firing: int = 32
    """Firings drawn per neuron, from which the tokens on which it fires are counted."""
    sample: int = 8192
    """Tokens drawn uniformly from the corpus for histogram, density and quantiles."""
    batch_size: int = 8
    """Windows per forward pass."""
    dtype: Dtype = "float32"
    """Arithmetic of the model; an archive's activations are float32 in any case."""
    device: Device = "cpu"
    save_every: float = 30.0
    """Seconds between saved states: a killed harvest loses at most this much work."""

    def __post_init__(self) -> None:
        for name, smallest in SMALLEST_VALUES.items():
            value = getattr(self, name)
            if value is None and name in MAY_BE_NONE:
                continue
            if not isinstance(value, int) or value < smallest:
                msg = f"{name} is {value!r}; give a whole number, {smallest} or more"
                raise SettingsError(msg)
        if self.seed > LARGEST_SEED:
            msg = f"seed is {self.seed}; give a whole number from -{LARGEST_SEED} to {LARGEST_SEED}"
            raise SettingsError(msg)
        if self.k > MOST_SNIPPETS:
            msg = f"k is {self.k}; keep at most {MOST_SNIPPETS} top snippets of each unit"
            raise SettingsError(msg)
        for name, choices in (("dtype", get_args(Dtype)), ("device", get_args(Device))):
            require_choice(name, getattr(self, name), choices)
        try:
            require_site(self.site)
        except ValueError as error:
            raise SettingsError(str(error)) from error

    def top_only(self) -> "HarvestOptions":
        """These options without firings and without any group but `top`: the smallest archive."""
        return replace(self, random=0, quantile=0, value_bin=0, contrast=0, firing=0)

    def window_length_within(self, longest: int) -> int:
        """Tokens per window for a model whose longest window is `longest`.

        Raises CorpusError if the window is too long for the model, or so short that nothing would be scored.
        """
        tokens = longest if self.window is None else self.window
        if tokens > longest:
            msg = f"a window of {tokens} tokens does not fit this model; use at most {longest}"
            raise CorpusError(msg)
        if tokens < self.overlap + 2:
            msg = f"a window of {tokens} tokens leaves none to score after {self.overlap} of context; make it longer"
            raise CorpusError(msg)
        return tokens
