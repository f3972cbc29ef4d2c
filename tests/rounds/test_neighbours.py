"""Items that share a text stand apart, repeats farther, and nothing but what items show says which these are."""

import pytest

from app.rounds.neighbours import distances_between, too_near
from app.tasks.item import Item, Passage

REPEAT_DISTANCE = 30


def passage(text: str, level: int = 5) -> Passage:
    return Passage((text, "."), (level, 0), 0, "top")


AN_ITEM = Item("a", (passage("x"), passage("y")))
A_REPEAT = Item("b", (passage("y"), passage("x")))
A_NEIGHBOUR = Item("c", (passage("y"), passage("z")))
OTHER_MARKS = Item("d", (passage("x", 4), passage("y")))
A_STRANGER = Item("e", (passage("v"), passage("w")))


def test_items_with_a_text_in_common_stand_apart_and_repeats_farther() -> None:
    assert distances_between([AN_ITEM, A_REPEAT, A_NEIGHBOUR, A_STRANGER], REPEAT_DISTANCE) == {
        "a": {"b": 30, "c": 10},
        "b": {"a": 30, "c": 10},
        "c": {"a": 10, "b": 10},
        "e": {},
    }


def test_the_same_texts_with_other_marks_are_no_repeat() -> None:
    assert distances_between([AN_ITEM, OTHER_MARKS], REPEAT_DISTANCE)["a"] == {"d": 10}


def test_repeats_stand_as_far_apart_as_all_neighbours_at_least() -> None:
    assert distances_between([AN_ITEM, A_REPEAT], repeat_distance=3)["a"] == {"b": 10}


@pytest.mark.parametrize(
    ("item", "steps_back", "is_too_near"),
    [
        (A_REPEAT, 29, True),
        (A_REPEAT, 30, False),
        (A_NEIGHBOUR, 9, True),
        (A_NEIGHBOUR, 10, False),
        (A_STRANGER, 1, False),
    ],
)
def test_an_item_is_too_near_to_a_neighbour_that_was_given_lately(
    item: Item, steps_back: int, is_too_near: bool
) -> None:
    latest = [A_STRANGER] * (steps_back - 1) + [AN_ITEM]
    assert too_near(item, latest, REPEAT_DISTANCE) == is_too_near
