"""A snippet: a window of tokens, what the neuron did on each, and the one token that is the peak. Pure."""

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
    """Index into `pieces` of the token that brought the snippet here."""
    group: Group
    rank: int
    """Place within its group: from 0, the strongest, in `top`; elsewhere strongest band first, then as drawn."""
    window: str
    """Where the window stands in the corpus (path and offset): never shown to an evaluator."""
    band: str = ""
    """Which band of its group it was drawn from: quantiles `0.9-0.99`, or `0.4-0.6` of the largest activation."""

    @property
    def peak_activation(self) -> float:
        """The activation at the peak."""
        return self.activations[self.peak]


def peak_word(snippet: Snippet) -> str:
    """The peak token's text, ignoring case and surrounding white space."""
    return word_of(snippet.pieces[snippet.peak])


def word_of(piece: bytes) -> str:
    """A token's text, ignoring case and surrounding white space; bytes that are no text become their numbers."""
    return piece.decode("utf-8", errors="backslashreplace").strip().lower()
