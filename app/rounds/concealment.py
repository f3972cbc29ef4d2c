"""Make an item from a neuron's snippets: an item has no field for a model or a neuron. Pure.

The item keeps words and levels, and loses activations, layer, index, and the names of models and files.
"""

from collections.abc import Sequence
from random import Random

from app.archive.levels import proportional_levels, rank_levels
from app.archive.snippet import Snippet
from app.foundation.codes import ALPHABET, CODE_LENGTH
from app.rounds.design import Design
from app.rounds.design_fields import Marks
from app.rounds.token_text import token_texts
from app.tasks.item import Passage


def passages_of(snippets: Sequence[Snippet], maximum: float, marks: Marks, generator: Random) -> list[Passage]:
    """The snippets of a neuron as passages, in an order drawn from `generator`.

    `maximum` is the neuron's largest activation. Callers get the snippets from `select_shown_snippets`, which leaves
    neurons with too few marked tokens out.
    """
    levels = snippet_levels(snippets, maximum, marks)
    if levels is None:
        msg = "a neuron with too few marked tokens was drawn; `select_shown_snippets` leaves such neurons out"
        raise AssertionError(msg)
    passages = [build_passage(snippet, token_levels) for snippet, token_levels in zip(snippets, levels, strict=True)]
    generator.shuffle(passages)
    return passages


def snippet_levels(snippets: Sequence[Snippet], maximum: float, marks: Marks) -> list[tuple[int, ...]] | None:
    """[snippet][token] Levels by the design's rule for marks; None if too few tokens can be marked."""
    if marks == "rank":
        return rank_levels([snippet.activations for snippet in snippets])
    return [proportional_levels(snippet.activations, maximum) for snippet in snippets]


def build_passage(snippet: Snippet, token_levels: Sequence[int]) -> Passage:
    """The passage that shows a snippet. A mark on a part of a character moves to the token that shows the character."""
    texts, shown_at_index = token_texts(snippet.pieces)
    levels = [0] * len(texts)
    for index, level in zip(shown_at_index, token_levels, strict=True):
        levels[index] = max(levels[index], level)
    return Passage(texts, tuple(levels), shown_at_index[snippet.peak], snippet.group)


def select_shown_snippets(design: Design, snippets: Sequence[Snippet]) -> list[Snippet] | None:
    """The snippets that the design shows, the best of each group; None if there are too few of them, or of marks."""
    selected: list[Snippet] = []
    for group, count in sorted(design.groups.items()):
        of_group = [snippet for snippet in snippets if snippet.group == group]
        if len(of_group) < count:
            return None
        selected += sorted(of_group, key=lambda snippet: snippet.rank)[:count]
    if design.marks == "rank" and rank_levels([snippet.activations for snippet in selected]) is None:
        return None
    return selected


def draw_codes(count: int, generator: Random) -> list[str]:
    """`count` different codes without order or meaning."""
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes["".join(generator.choice(ALPHABET) for _ in range(CODE_LENGTH))] = None
    return list(codes)
