"""The scripted evaluators' rule, and how they read a page."""

import random

import pytest

from app.robots.page import RobotError, read_page
from app.robots.rule import LAPSE, RULES, Rule, most_common_share

PAGE = """
<main id="main" data-step="verdict">
  <form method="post" action="/judge/verdict" data-step="verdict">
    <input type="hidden" name="form_token" value="abc"><input type="hidden" name="key" value="k&amp;1">
    <input name="visible" value="not carried"><br>
  </form>
  <ol>
    <li data-passage="1"><pre>1 <mark data-level="5" data-peak> Apple</mark> 2 <mark data-level="2">x</mark></pre></li>
    <li data-passage="2"><pre><mark data-level="5" data-peak>ap<wbr>ple
</mark></pre></li>
    <li data-passage="3"><pre><mark data-level="5" data-peak>&lt;b&gt;</mark></pre></li>
  </ol>
  <p class="scale"><mark data-level="5" data-peak>a</mark> the peak</p>
</main>
"""


def test_a_page_is_read_as_a_browser_without_scripts_would() -> None:
    page = read_page(PAGE)
    assert page.step == "verdict"
    assert page.peaks == [" Apple", "apple\n", "<b>"]
    assert page.require_form("verdict").fields == {"form_token": "abc", "key": "k&1"}
    with pytest.raises(RobotError, match="hypothesis"):
        page.require_form("hypothesis")


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
    yes = [rule.verdict(["a"] * 16 + ["b"] * 4, lapses) for _ in range(4000)]
    no = [rule.verdict(["a"] * 15 + ["b"] * 5, lapses) for _ in range(4000)]
    assert 0.04 < yes.count("not_interpretable") / 4000 < 0.06
    assert 0.04 < no.count("interpretable") / 4000 < 0.06


def test_the_same_seed_lapses_on_the_same_items() -> None:
    rule = Rule("Ada", 0.8, 7)
    first, second = (random.Random(rule.seed) for _ in range(2))
    assert [rule.verdict(["a"], first) for _ in range(50)] == [rule.verdict(["a"], second) for _ in range(50)]
