"""The gallery: its cards, its search and its pages."""

from dataclasses import replace
from typing import get_args

import pytest

from app.judging.judgment import Verdict
from app.report.gallery import CARDS_PER_PAGE, Consensus, find_card, search_gallery
from app.unblinding.observations import Observation
from tests.report.simulated_round import observe, simulate_observations


def judge(item: str, *verdicts: Verdict, hypothesis: str = "") -> list[Observation]:
    """One item as several evaluators judged it, the first of whom wrote a hypothesis."""
    observations = [observe(f"Evaluator {index}", item, "solu", verdict) for index, verdict in enumerate(verdicts)]
    first = observations[0]
    return [replace(first, judgment=replace(first.judgment, hypothesis=hypothesis)), *observations[1:]]


@pytest.mark.parametrize(
    ("verdicts", "consensus"),
    [
        (("interpretable",), "agreed"),
        (("interpretable", "interpretable"), "agreed"),
        (("not_interpretable", "cannot_judge"), "agreed not"),
        (("interpretable", "not_interpretable"), "disputed"),
    ],
)
def test_a_card_says_whether_evaluators_agree(verdicts: tuple[Verdict, ...], consensus: Consensus) -> None:
    card = find_card(judge("abc", *verdicts), "abc")
    assert card is not None
    assert card.consensus == consensus


def test_a_search_looks_into_hypotheses_names_and_neurons_whatever_the_case() -> None:
    observations = [*judge("abc", "interpretable", hypothesis="The word “cat”"), *judge("def", "interpretable")]
    for text in ("CAT", " cat ", "abc", "Cat”"):
        assert [card.allocated.item for card in search_gallery(observations, text).cards] == ["abc"]
    assert search_gallery(observations, "evaluator 0").match_count == 2
    assert search_gallery(observations, "dog").match_count == 0


def test_cards_are_chosen_by_arm_and_by_consensus() -> None:
    observations = simulate_observations()
    assert {card.allocated.arm for card in search_gallery(observations, arm="solu").cards} == {"solu"}
    counts = [search_gallery(observations, consensus=consensus).match_count for consensus in get_args(Consensus)]
    assert sum(counts) == search_gallery(observations).match_count == 80


@pytest.mark.parametrize(("asked", "shown"), [(-1, 1), (1, 1), (4, 4), (99, 4)])
def test_a_page_number_is_kept_within_the_pages(asked: int, shown: int) -> None:
    page = search_gallery(simulate_observations(), page_number=asked)
    assert (page.page_number, page.page_count, len(page.cards)) == (shown, 4, CARDS_PER_PAGE)


def test_controls_and_unknown_codes_have_no_card() -> None:
    observations = [observe("Ash", "planted", "solu", "interpretable", kind="planted")]
    assert search_gallery(observations).match_count == 0
    assert find_card(observations, "planted") is None
    assert find_card(observations, "nothing") is None
