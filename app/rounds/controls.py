"""Snippets of known truth: a planted rule, no rule at all, and mixtures of two neurons, with real strengths. Pure.

They look like all other snippets because they consist of the same: windows of the same corpus, and activations of a
real neuron. Only the positions of the activations are made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from app.archive.snippet import Snippet

SHORTEST_WORD = 3
"""A planted rule uses words of at least so many letters."""

WordOccurrence = tuple[Snippet, int]
"""A window and the index of one of its tokens."""


@dataclass(frozen=True)
class Mixture:
    """Snippets of two neurons that are shown as if they were of one."""

    snippets: tuple[Snippet, ...]
    purity: float
    """Share of the snippets that come from the main neuron."""


def word_occurrences(pool: Sequence[Snippet]) -> dict[str, list[WordOccurrence]]:
    """{word: one occurrence in each window that holds it}, for tokens that are whole words; ignores case."""
    by_window: dict[str, dict[str, WordOccurrence]] = {}
    for snippet in pool:
        for index, piece in enumerate(snippet.pieces):
            word = piece.decode("utf-8", errors="replace").strip().lower()
            if len(word) >= SHORTEST_WORD and word.isalpha():
                by_window.setdefault(word, {}).setdefault(snippet.window, (snippet, index))
    return {
        word: [occurrences[window] for window in sorted(occurrences)] for word, occurrences in sorted(by_window.items())
    }


def plant_word(
    occurrences: Sequence[WordOccurrence], profile: Sequence[Snippet], generator: Random
) -> tuple[Snippet, ...]:
    """Snippets whose every peak is one word, at `occurrences`; the strengths are those of a real neuron, `profile`."""
    sampled = generator.sample(list(occurrences), len(profile))
    return _with_strengths_of(profile, sampled)


def scatter_words(
    words: Mapping[str, Sequence[WordOccurrence]], profile: Sequence[Snippet], generator: Random
) -> tuple[Snippet, ...]:
    """Snippets whose peaks are all different words, so that no rule explains them."""
    sampled = [generator.choice(words[word]) for word in generator.sample(sorted(words), len(profile))]
    return _with_strengths_of(profile, sampled)


def mix_snippets(main: Sequence[Snippet], foreign: Sequence[Snippet], share: float, generator: Random) -> Mixture:
    """The `main` neuron's snippets; `foreign` ones, at the same strengths, replace all but `share` of them."""
    replaced = set(generator.sample(range(len(main)), len(main) - round(share * len(main))))
    snippets = tuple(
        _rescaled(foreign[index], snippet) if index in replaced else snippet for index, snippet in enumerate(main)
    )
    return Mixture(snippets, 1 - len(replaced) / len(main))


def _with_strengths_of(profile: Sequence[Snippet], occurrences: Sequence[WordOccurrence]) -> tuple[Snippet, ...]:
    pairs = zip(occurrences, profile, strict=True)
    return tuple(_transplanted(window, index, donor) for (window, index), donor in pairs)


def _transplanted(window: Snippet, peak: int, donor: Snippet) -> Snippet:
    """The window with the donor's activations, shifted so that the peaks coincide; 0 where the donor has none."""
    shift = donor.peak - peak
    covered = range(len(donor.activations))
    indices = (index + shift for index in range(len(window.pieces)))
    activations = tuple(donor.activations[index] if index in covered else 0.0 for index in indices)
    return replace(window, activations=activations, peak=peak, group=donor.group, rank=donor.rank)


def _rescaled(snippet: Snippet, donor: Snippet) -> Snippet:
    """The snippet, scaled so that its peak is as strong as the donor's, in the donor's group and rank."""
    own_peak = snippet.peak_activation
    factor = donor.peak_activation / own_peak if own_peak > 0 else 0.0
    activations = tuple(factor * activation for activation in snippet.activations)
    return replace(snippet, activations=activations, group=donor.group, rank=donor.rank)
