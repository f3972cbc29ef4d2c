"""Aids: what may be looked at once a verdict on an item stands. Pure.

Everything is told in per cent of the neuron's largest activation, so no page ever names an arm's own units; but the
shape of a histogram tells activation functions apart, which is why nobody sees an aid before judging.

The strengths and the strongest tokens are those of the passages shown. Histogram and effects are the neuron's; a made
item has those of the neuron whose strengths it took, so its aids look like every other item's.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from app.archive.levels import FAINTEST, relative_strength
from app.archive.neuron import LogitEffect, NeuronStatistics
from app.archive.snippet import Snippet
from app.rounds.token_text import token_texts

STRONGEST = 10
"""Tokens listed."""


class AidPart(BaseModel):
    """A part of the aids: plain JSON values that never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StrongToken(AidPart):
    """A text that fires in the passages shown."""

    text: str
    count: int
    """How often it reaches strength 0.1."""
    percent: int
    """Mean strength over those times."""


class TokenEffect(AidPart):
    """How the neuron's output direction moves a token's logit: past every later layer, and past any rescaling."""

    text: str
    percent: int
    """Of the neuron's largest effect, likelier counted up: arms lie on different scales, and a scale names its arm."""


class Aids(AidPart):
    """All there is to look at for one item."""

    strengths: tuple[tuple[int, ...], ...]
    """Per passage and text, as the item shows them: strength in whole per cent."""
    tokens: tuple[StrongToken, ...]
    """Those that carry most of the firing, first the one with the largest sum of strengths."""
    lowest: float
    """The neuron's smallest activation, in per cent of its largest: where the histogram begins. It ends at 100."""
    histogram: tuple[int, ...]
    """Tokens of the harvest's sample per bin; all bins are equally wide."""
    promoted: tuple[TokenEffect, ...]
    suppressed: tuple[TokenEffect, ...]


def build_aids(snippets: Sequence[Snippet], neuron: NeuronStatistics) -> Aids:
    """The aids of an item that shows `snippets` in this order, with the strengths and the statistics of `neuron`."""
    read = [_read(snippet, neuron.maximum) for snippet in snippets]
    largest = max((abs(one.effect) for one in (*neuron.promoted, *neuron.suppressed_tokens)), default=0.0)
    return Aids(
        strengths=tuple(strengths for _, strengths in read),
        tokens=_strongest([pair for texts, strengths in read for pair in zip(texts, strengths, strict=True)]),
        lowest=round(100 * neuron.minimum / neuron.maximum, 1),
        histogram=neuron.histogram,
        promoted=_effects(neuron.promoted, largest),
        suppressed=_effects(neuron.suppressed_tokens, largest),
    )


def _read(snippet: Snippet, maximum: float) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A snippet's texts and their strengths; part of a character counts where the character is shown."""
    texts, homes = token_texts(snippet.pieces)
    percent = [0] * len(texts)
    for home, activation in zip(homes, snippet.activations, strict=True):
        percent[home] = max(percent[home], round(100 * relative_strength(activation, maximum)))
    return texts, tuple(percent)


def _strongest(firings: Sequence[tuple[str, int]]) -> tuple[StrongToken, ...]:
    found: dict[str, list[int]] = {}
    for text, percent in firings:
        if text and percent >= 100 * FAINTEST:
            found.setdefault(text, []).append(percent)
    ordered = sorted(found.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    return tuple(
        StrongToken(text=text, count=len(percents), percent=round(sum(percents) / len(percents)))
        for text, percents in ordered[:STRONGEST]
    )


def _effects(effects: Sequence[LogitEffect], largest: float) -> tuple[TokenEffect, ...]:
    return tuple(
        TokenEffect(text="".join(token_texts([one.piece])[0]), percent=round(100 * one.effect / largest))
        for one in effects
        if largest > 0
    )
