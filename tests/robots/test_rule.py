"""The scripted evaluators' rule."""

import random

import pytest

from app.robots.rule import LAPSE, RULES, Rule, most_common_share


@pytest.mark.parametrize(
    ("peaks", "share"),
    [
        ([], 0.0),
        (["apple"] * 20, 1.0),
        ([" Apple", "apple ", "APPLE", "pear"], 0.75),
        (["new line", "newline", "x", "y"], 0.5),
    ],
)
def test_the_share_ignores_case_and_spaces(peaks: list[str], share: float) -> None:
    assert most_common_share(peaks) == share


def test_the_three_rules_are_the_stated_ones() -> None:
    assert [rule.share for rule in RULES] == [0.8, 0.7, 0.9]
    assert LAPSE == 0.05


def test_a_rule_answers_by_its_share_and_lapses_on_five_per_cent() -> None:
    rule = Rule("Ada", 0.8, 7)
    lapses = random.Random(rule.seed)
    above = [rule.verdict(["a"] * 16 + ["b"] * 4, lapses) for _ in range(4000)]
    below = [rule.verdict(["a"] * 15 + ["b"] * 5, lapses) for _ in range(4000)]
    assert 0.04 < above.count("not_interpretable") / 4000 < 0.06
    assert 0.04 < below.count("interpretable") / 4000 < 0.06


def test_the_same_seed_lapses_on_the_same_items() -> None:
    rule = Rule("Ada", 0.8, 7)
    first, second = (random.Random(rule.seed) for _ in range(2))
    assert [rule.verdict(["a"], first) for _ in range(50)] == [rule.verdict(["a"], second) for _ in range(50)]
