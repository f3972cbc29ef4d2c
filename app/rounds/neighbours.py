"""Which items have to stand apart in an evaluator's order: those that share a text, and repeats. Pure.

It follows from what items show, and from nothing else. So it is computed whenever an order is made, and never stored:
a table of distances would name the repeats to whoever reads the database.
"""

from collections import defaultdict
from collections.abc import Iterable

from app.rounds.ordering import WINDOW_DISTANCE
from app.tasks.item import Item

ShownPassage = tuple[str, tuple[int, ...], int]
"""The text, levels and peak of a passage."""


def distances_between(items: Iterable[Item], repeat_distance: int) -> dict[str, dict[str, int]]:
    """{code: {code of an item that has to stand apart from it: least distance}}.

    Items with a passage of the same text stand 10 apart. If their passages are all the same, one repeats the other, and
    they stand `repeat_distance` apart if that is more.
    """
    shown_by_code = {item.code: shown_passages(item) for item in items}
    codes_by_text: dict[str, set[str]] = defaultdict(set)
    for code, shown in shown_by_code.items():
        for text in passage_texts(shown):
            codes_by_text[text].add(code)
    distances: dict[str, dict[str, int]] = {}
    for code, shown in shown_by_code.items():
        neighbours = set().union(*(codes_by_text[text] for text in passage_texts(shown))) - {code}
        distances[code] = {
            neighbour: _least_distance(shown, shown_by_code[neighbour], repeat_distance)
            for neighbour in sorted(neighbours)
        }
    return distances


def too_near(item: Item, latest: Iterable[Item], repeat_distance: int) -> bool:
    """Whether the item would stand too near to one of an evaluator's latest items, of which the newest comes first."""
    shown = shown_passages(item)
    texts = passage_texts(shown)
    for steps_back, latest_item in enumerate(latest, start=1):
        shown_before = shown_passages(latest_item)
        shares_a_text = not texts.isdisjoint(passage_texts(shown_before))
        if shares_a_text and steps_back < _least_distance(shown, shown_before, repeat_distance):
            return True
    return False


def shown_passages(item: Item) -> frozenset[ShownPassage]:
    """What an item shows, whatever the order of its passages."""
    return frozenset(("".join(passage.texts), passage.levels, passage.peak) for passage in item.passages)


def passage_texts(shown: Iterable[ShownPassage]) -> frozenset[str]:
    """The texts of passages."""
    return frozenset(text for text, _, _ in shown)


def _least_distance(
    shown: frozenset[ShownPassage], shown_by_neighbour: frozenset[ShownPassage], repeat_distance: int
) -> int:
    return max(WINDOW_DISTANCE, repeat_distance) if shown == shown_by_neighbour else WINDOW_DISTANCE
