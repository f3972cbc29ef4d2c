"""From a neuron's snippets to an item that has nowhere to say whose they are. Pure.

Words and levels go in; activations, layer, index, model and file names stay behind.
"""

from collections.abc import Mapping, Sequence
from random import Random

from app.archive.levels import proportional_levels, rank_levels
from app.archive.snippet import Snippet
from app.foundation.codes import ALPHABET
from app.rounds.design import Design, Marks
from app.rounds.item import Item, Passage
from app.rounds.token_text import token_texts

CODE_LENGTH = 10


def conceal_snippets(code: str, snippets: Sequence[Snippet], maximum: float, marks: Marks, random: Random) -> Item:
    """One item: the snippets as passages in an order drawn from `random`; `maximum` is the neuron's largest activation.

    Callers make sure with `chosen` that the snippets are as the design says.
    """
    levels = snippet_levels(snippets, maximum, marks)
    if levels is None:
        msg = "a neuron with too few marked tokens was drawn; `chosen` leaves such neurons out"
        raise AssertionError(msg)
    return shuffle_into_item(code, list(zip(snippets, levels, strict=True)), random)


def shuffle_into_item(code: str, marked: Sequence[tuple[Snippet, Sequence[int]]], random: Random) -> Item:
    """One item of snippets whose levels are known, as passages in an order drawn from `random`."""
    passages = [build_passage(snippet, levels) for snippet, levels in marked]
    random.shuffle(passages)
    return Item(code, tuple(passages))


def snippet_levels(snippets: Sequence[Snippet], maximum: float, marks: Marks) -> list[tuple[int, ...]] | None:
    """The level of every token of every snippet; None if the marks' rule cannot be met."""
    if marks == "rank":
        return rank_levels([one.activations for one in snippets])
    return [proportional_levels(one.activations, maximum) for one in snippets]


def build_passage(snippet: Snippet, levels: Sequence[int]) -> Passage:
    """One snippet as shown. What falls on part of a character is shown where that character is."""
    texts, homes = token_texts(snippet.pieces)
    shown = [0] * len(texts)
    for index, level in enumerate(levels):
        shown[homes[index]] = max(shown[homes[index]], level)
    return Passage(texts, tuple(shown), homes[snippet.peak], snippet.group)


def snippets_to_show(design: Design, snippets: Sequence[Snippet]) -> list[Snippet] | None:
    """The snippets that the design shows, the first of each group; None if the neuron lacks some or their marks."""
    found: list[Snippet] = []
    for group, count in sorted(design.groups.items()):
        of_group = sorted((one for one in snippets if one.group == group), key=lambda one: one.rank)[:count]
        if len(of_group) < count:
            return None
        found += of_group
    if design.marks == "rank" and rank_levels([one.activations for one in found]) is None:
        return None
    return found


def draw_codes(count: int, random: Random) -> list[str]:
    """`count` different codes without order or meaning."""
    codes: dict[str, None] = {}
    while len(codes) < count:
        codes["".join(random.choice(ALPHABET) for _ in range(CODE_LENGTH))] = None
    return list(codes)


def shared_window_distances(windows: Mapping[str, frozenset[str]], distance: int) -> dict[str, dict[str, int]]:
    """{code: {code of an item with a window in common: distance}}. It says what the texts say, and nothing more."""
    holders: dict[str, list[str]] = {}
    for code in sorted(windows):
        for window in windows[code]:
            holders.setdefault(window, []).append(code)
    found: dict[str, dict[str, int]] = {code: {} for code in windows}
    for codes in holders.values():
        for one in codes:
            found[one].update({other: distance for other in codes if other != one})
    return {code: dict(sorted(others.items())) for code, others in found.items()}
