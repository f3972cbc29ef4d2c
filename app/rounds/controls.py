"""Items of known truth: planted rules, noise, and mixtures of two neurons, all with real strength profiles. Pure.

They look like every other item because they are made of the same things: windows of the same corpus, and activations
that a real neuron had. Only where the activations stand is ours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from app.archive.snippet import Snippet

SHORTEST_WORD = 3
"""Letters of a word that a planted rule can be about."""

WordOccurrence = tuple[Snippet, int]
"""A window and the index of one of its tokens."""


@dataclass(frozen=True)
class Mixture:
    """Snippets of two neurons as if they were one's."""

    snippets: tuple[Snippet, ...]
    purity: float
    """Share of the snippets that are the main neuron's."""


def words_in(pool: Sequence[Snippet]) -> dict[str, list[WordOccurrence]]:
    """{word: one place in each of the windows that hold it}, for tokens that are whole words; ignores case."""
    found: dict[str, dict[str, WordOccurrence]] = {}
    for snippet in pool:
        for index, piece in enumerate(snippet.pieces):
            word = piece.decode("utf-8", errors="replace").strip().lower()
            if len(word) >= SHORTEST_WORD and word.isalpha():
                found.setdefault(word, {}).setdefault(snippet.window, (snippet, index))
    return {word: [places[window] for window in sorted(places)] for word, places in sorted(found.items())}


def planted(places: Sequence[WordOccurrence], profile: Sequence[Snippet], random: Random) -> tuple[Snippet, ...]:
    """An item whose every peak is one of `places`; the strengths are those of a real neuron, `profile`."""
    drawn = random.sample(list(places), len(profile))
    return tuple(_transplanted(*place, donor) for place, donor in zip(drawn, profile, strict=True))


def noise(
    words: Mapping[str, Sequence[WordOccurrence]], profile: Sequence[Snippet], random: Random
) -> tuple[Snippet, ...]:
    """An item whose peaks are all different words, so that no rule explains them."""
    chosen = [random.choice(words[word]) for word in random.sample(sorted(words), len(profile))]
    return tuple(_transplanted(*place, donor) for place, donor in zip(chosen, profile, strict=True))


def mixture(main: Sequence[Snippet], other: Sequence[Snippet], share: float, random: Random) -> Mixture:
    """The `main` neuron's snippets, of which all but `share` are replaced by the `other`'s at the same strengths."""
    replaced = set(random.sample(range(len(main)), len(main) - round(share * len(main))))
    snippets = tuple(_rescaled(other[place], one) if place in replaced else one for place, one in enumerate(main))
    return Mixture(snippets, 1 - len(replaced) / len(main))


def _transplanted(window: Snippet, peak: int, donor: Snippet) -> Snippet:
    """The window with the donor's activations laid over it so that the peaks coincide; 0 where the donor ends."""
    shift = donor.peak - peak
    reach = range(len(donor.activations))
    values = tuple(donor.activations[i + shift] if i + shift in reach else 0.0 for i in range(len(window.pieces)))
    return replace(window, activations=values, peak=peak, group=donor.group, rank=donor.rank)


def _rescaled(snippet: Snippet, donor: Snippet) -> Snippet:
    """The snippet with its peak as strong as the donor's."""
    own = snippet.peak_activation
    factor = donor.peak_activation / own if own > 0 else 0.0
    values = tuple(factor * value for value in snippet.activations)
    return replace(snippet, activations=values, group=donor.group, rank=donor.rank)
