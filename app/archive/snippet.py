"""A snippet: a window of tokens, the neuron's activation on each, and the one token that is the peak. Pure."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["top", "quantile", "value_bin", "random", "contrast"]


@dataclass(frozen=True)
class Snippet:
    """One window of one neuron, special tokens left out; activations are raw, negative ones kept."""

    pieces: tuple[bytes, ...]
    """The bytes of each token; one character may be split over several."""
    activations: tuple[float, ...]
    """The neuron's activation on each token, in the units of its site; as many as `pieces`."""
    peak: int
    """Index into `pieces` of the token for which the window was taken."""
    group: Group
    rank: int
    """From 0 within its group: in `top` the strongest first; in others the strongest band first, then as drawn."""
    window: str
    """The window's path and offset in the corpus; it is never shown to an evaluator."""
    band: str = ""
    """Which band of its group it was drawn from: quantiles `0.9-0.99`, or `0.4-0.6` of the largest activation."""

    @property
    def peak_activation(self) -> float:
        """The activation at the peak."""
        return self.activations[self.peak]


def normalised_word(piece: bytes) -> str:
    """A token's text in lower case without surrounding white space; bytes that are not UTF-8 become their numbers."""
    return piece.decode("utf-8", errors="backslashreplace").strip().lower()
