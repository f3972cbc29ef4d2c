"""Aids: what an evaluator may open after their verdict on an item. Pure.

Every strength is in per cent of the neuron's largest activation, so no page ever names an arm's own units; but the
shape of a histogram tells activation functions apart, which is why nobody sees an aid before judging.

Strengths and strongest tokens come from the passages shown; histogram and effects come from the neuron. An item that
was made up has those of the neuron whose strengths it took, so that its aids look like those of any other item.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from app.archive.levels import FAINTEST_STRENGTH, relative_strength
from app.archive.neuron import LogitEffect, NeuronStatistics
from app.archive.snippet import Snippet
from app.rounds.token_text import token_texts

STRONGEST = 10
"""How many tokens the aids list."""


class AidPart(BaseModel):
    """A part of the aids: plain JSON values that never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StrongToken(AidPart):
    """A token's text on which the neuron fires in the passages shown."""

    text: str
    count: int
    """How often the token reaches strength 0.1."""
    percent: int
    """Mean strength of these tokens, in per cent."""


class TokenEffect(AidPart):
    """How the neuron's output direction changes a token's logit, without later layers and without rescaling."""

    text: str
    percent: int
    """In per cent of the neuron's largest effect, because the arms' own scales differ; positive if likelier."""


class Aids(AidPart):
    """The aids of one item."""

    strengths: tuple[tuple[int, ...], ...]
    """[passage][token] Strength in whole per cent, in the order in which the item shows them."""
    tokens: tuple[StrongToken, ...]
    """The tokens with the largest sums of strengths, the largest first."""
    lowest: float
    """The neuron's smallest activation, in per cent of its largest. The histogram begins there and ends at 100."""
    histogram: tuple[int, ...]
    """Number of the harvest's sampled tokens in each bin; all bins are equally wide."""
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
    """A snippet's token texts and strengths in per cent; part of a character counts where the character is shown."""
    texts, shown_at_index = token_texts(snippet.pieces)
    percents = [0] * len(texts)
    for index, activation in zip(shown_at_index, snippet.activations, strict=True):
        percents[index] = max(percents[index], round(100 * relative_strength(activation, maximum)))
    return texts, tuple(percents)


def _strongest_tokens(firings: Sequence[tuple[str, int]]) -> tuple[StrongToken, ...]:
    """The texts with the largest sums of strengths; `firings` are (text, strength in per cent) of every token."""
    percents_by_text: dict[str, list[int]] = {}
    for text, percent in firings:
        if text and percent >= 100 * FAINTEST_STRENGTH:
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
