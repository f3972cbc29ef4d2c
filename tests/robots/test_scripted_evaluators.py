"""What a scripted evaluator answers."""

import random

import pytest

from app.robots.page import HtmlPage, read_page
from app.robots.scripted_evaluators import LAPSE, SCRIPTED_EVALUATORS, ScriptedEvaluator, most_common_share


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


def page_with(peaks: list[str]) -> HtmlPage:
    """A page that shows these peaks, with two answers."""
    passages = "".join(f'<li data-passage="1"><pre><mark data-peak>{peak}</mark></pre></li>' for peak in peaks)
    buttons = '<button name="verdict" value="yes">Y</button><button name="verdict" value="no">N</button>'
    return read_page(f'<main data-step="verdict">{passages}<form data-step="verdict">{buttons}</form></main>')


def test_the_three_scripted_evaluators_have_the_stated_shares() -> None:
    assert [evaluator.share for evaluator in SCRIPTED_EVALUATORS] == [0.8, 0.7, 0.9]
    assert LAPSE == 0.05


def test_a_scripted_evaluator_answers_by_its_share_and_lapses_on_five_per_cent() -> None:
    evaluator = ScriptedEvaluator("Ada", 0.8, 7)
    lapses = random.Random(evaluator.seed)
    above = [evaluator.verdict(page_with(["a"] * 16 + ["b"] * 4), lapses) for _ in range(4000)]
    below = [evaluator.verdict(page_with(["a"] * 15 + ["b"] * 5), lapses) for _ in range(4000)]
    assert 0.04 < above.count("no") / 4000 < 0.06
    assert 0.04 < below.count("yes") / 4000 < 0.06


def test_the_same_seed_lapses_on_the_same_items() -> None:
    evaluator = ScriptedEvaluator("Ada", 0.8, 7)
    first, second = (random.Random(evaluator.seed) for _ in range(2))
    page = page_with(["a"])
    assert [evaluator.verdict(page, first) for _ in range(50)] == [evaluator.verdict(page, second) for _ in range(50)]
