"""Aids: what may be looked at once a verdict on an item stands. Pure.

Every strength is in per cent of the neuron's largest activation, so no page ever names an arm's own units; but the
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
    """A text on which the neuron fires in the passages shown."""

    text: str
    count: int
    """How often it reaches strength 0.1."""
    percent: int
    """Mean strength over those times."""


class TokenEffect(AidPart):
    """How the neuron's output direction moves a token's logit: past every later layer, and past any rescaling."""

    text: str
    percent: int
    """Of the neuron's largest effect, positive if the token gets likelier: arms' own scales would tell them apart."""


class Aids(AidPart):
    """Everything that may be looked at for one item."""

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
    shown = [_texts_and_percents(snippet, neuron.maximum) for snippet in snippets]
    effects = [*neuron.promoted, *neuron.suppressed_tokens]
    largest_effect = max((abs(effect.effect) for effect in effects), default=0.0)
    return Aids(
        strengths=tuple(percents for _, percents in shown),
        tokens=_strongest_tokens([pair for texts, percents in shown for pair in zip(texts, percents, strict=True)]),
        lowest=round(100 * neuron.minimum / neuron.maximum, 1),
        histogram=neuron.histogram,
        promoted=_token_effects(neuron.promoted, largest_effect),
        suppressed=_token_effects(neuron.suppressed_tokens, largest_effect),
    )


def _texts_and_percents(snippet: Snippet, maximum: float) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """A snippet's texts and their strengths; part of a character counts where the character is shown."""
    texts, shown_at_index = token_texts(snippet.pieces)
    percents = [0] * len(texts)
    for index, activation in zip(shown_at_index, snippet.activations, strict=True):
        percents[index] = max(percents[index], round(100 * relative_strength(activation, maximum)))
    return texts, tuple(percents)


def _strongest_tokens(firings: Sequence[tuple[str, int]]) -> tuple[StrongToken, ...]:
    """From (text, strength in per cent) of every token shown to the texts that carry most of the firing."""
    percents_by_text: dict[str, list[int]] = {}
    for text, percent in firings:
        if text and percent >= 100 * FAINTEST:
            percents_by_text.setdefault(text, []).append(percent)
    by_sum = sorted(percents_by_text.items(), key=lambda pair: (-sum(pair[1]), pair[0]))
    return tuple(
        StrongToken(text=text, count=len(percents), percent=round(sum(percents) / len(percents)))
        for text, percents in by_sum[:STRONGEST]
    )


def _token_effects(effects: Sequence[LogitEffect], largest_effect: float) -> tuple[TokenEffect, ...]:
    if largest_effect == 0:
        return ()
    return tuple(
        TokenEffect(text="".join(token_texts([effect.piece])[0]), percent=round(100 * effect.effect / largest_effect))
        for effect in effects
    )
