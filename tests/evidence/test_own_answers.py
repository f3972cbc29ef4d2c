"""A sentence names the first answer that an export has otherwise than the evaluator's own file."""

from typing import cast

import pytest

from app.evidence.entries import ChainLink
from app.evidence.own_answers import OwnAnswers, difference_from_export
from app.foundation.json_types import JsonObject, JsonValue
from tests.evidence.chained_judgments import chained_judgments

LINKS = chained_judgments("Ada", 3)
FLAG: JsonObject = {"v": 2, "kind": "flag", "evaluator": "Ada", "number": 1, "at": "", "item": "i9", "reason": "fault"}
LONG = "It fires on names of fruit, " * 20


def with_entry(number: int, fields: JsonObject, *, replace: bool = False) -> list[ChainLink]:
    """Ada's chain with other fields in one entry, or another entry in its place."""
    entry = fields if replace else {**cast("JsonObject", LINKS[number]["entry"]), **fields}
    link = cast("ChainLink", {**LINKS[number], "entry": entry})
    return [*LINKS[:number], link, *LINKS[number + 1 :]]


def difference(exported: list[ChainLink], own_links: list[ChainLink] | None = None) -> str:
    return difference_from_export(OwnAnswers(own_links or LINKS), exported)


def test_the_same_answers_and_later_ones_differ_in_nothing() -> None:
    assert difference(LINKS) == difference(chained_judgments("Ada", 5)) == ""


@pytest.mark.parametrize("verdict", ["not_interpretable", "cannot_judge"])
def test_another_verdict_is_named_in_the_words_of_the_buttons(verdict: str) -> None:
    buttons = {"not_interpretable": "NOT INTERPRETABLE", "cannot_judge": "CANNOT JUDGE"}
    assert difference(with_entry(1, {"verdict": verdict, "active_seconds": 99})) == (
        f"The file says INTERPRETABLE on item i1 (entry 1); the export says {buttons[verdict]}."
    )


@pytest.mark.parametrize(
    ("field", "exported_value", "sentence"),
    [
        ("hypothesis", "fruit", "The file has the hypothesis “” on item i2 (entry 2); the export has “fruit”."),
        ("confidence", 3, "The file has the confidence nothing on item i2 (entry 2); the export has 3."),
        ("unfolded", 0, "The file has the unfolded false on item i2 (entry 2); the export has 0."),
        ("active_seconds", 99.5, "The file has the active seconds 150.0 on item i2 (entry 2); the export has 99.5."),
    ],
)
def test_another_value_is_named_with_its_field(field: str, exported_value: JsonValue, sentence: str) -> None:
    assert difference(with_entry(2, {field: exported_value})) == sentence


def test_of_long_texts_the_part_that_differs_is_quoted() -> None:
    own_links = with_entry(1, {"comment": LONG + "ripe\n"})
    sentence = difference(with_entry(1, {"comment": LONG + "rotten"}), own_links)
    assert sentence == (
        "The file has the comment “…on names of fruit, ripe\\n” on item i1 (entry 1); the export has "
        "“…on names of fruit, rotten”."
    )


def test_another_kind_of_entry_or_another_item_is_described() -> None:
    assert difference(with_entry(1, FLAG, replace=True)) == (
        "The file has INTERPRETABLE on item i1 (entry 1); the export has a report of item i9."
    )
    assert difference(with_entry(1, {"step": "hypothesis"})) == (
        "The file has INTERPRETABLE on item i1 (entry 1); the export has a hypothesis on item i1."
    )


def test_an_entry_that_the_export_has_not_is_named() -> None:
    assert difference(LINKS[:2]) == ("The file has INTERPRETABLE on item i2 (entry 2); the export has no such entry.")
