"""The features that attackers get."""

from dataclasses import replace

from app.leak_audit.features import stimulus_features
from app.rounds.item import Item, Passage


def test_the_stimulus_is_measured_from_words_and_marks() -> None:
    passage = Passage(("a", "b", "a"), (0, 5, 3), 1, "top")
    table = stimulus_features([Item("x", (passage, passage)), Item("y", (replace(passage, levels=(0, 5, 0)),))])
    values = {
        item: dict(zip(table.names, row, strict=True)) for item, row in zip(table.item_codes, table.matrix, strict=True)
    }
    assert values["x"]["marked tokens"] == 4
    assert values["y"]["marked tokens"] == 1
    assert values["x"]["share of one peak"] == 1
    assert values["x"]["tokens of level 5"] == 2
