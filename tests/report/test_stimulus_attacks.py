"""What a program makes of words and marks: planted differences are found, and none where there is none."""

from dataclasses import replace

import pytest

from app.report.analysis.analysis import analyse, read_analysis
from app.report.analysis.frame import MarkCounts
from app.report.analysis.stimulus_attacks import StimulusAttack, stimulus_attacks
from app.report.analysis.stimulus_features import mark_features, shares_window, vocabulary, word_features
from app.report.charts.blinding import stimulus_chart
from app.tasks.item import Item, Passage
from tests.report.simulated_round import frame_for, simulate_observations
from tests.report.simulated_stimuli import simulate_items

OBSERVATIONS = simulate_observations(evaluators=("Ash",), shown=30)
FRAME = frame_for(OBSERVATIONS)
PASSAGE = Passage((" a", " b", " a"), (0, 5, 3), 1, "top")


def attacks_on(items: list[Item]) -> dict[str, StimulusAttack]:
    return {attack.part: attack for attack in stimulus_attacks(OBSERVATIONS, items, FRAME)}


def test_what_marks_give_away_is_found_by_the_marks_and_not_by_the_words() -> None:
    attacks = attacks_on(simulate_items(OBSERVATIONS, more_marks=0.8))
    assert attacks["marks"].auc > 0.85
    assert attacks["marks"].p == attacks["both"].p == 0.01
    assert attacks["words"].p > 0.05
    assert attacks["words"].usual < 0.7
    assert attacks["marks"].items == 120


def test_what_words_give_away_is_found_by_the_words_and_not_by_the_marks() -> None:
    attacks = attacks_on(simulate_items(OBSERVATIONS, own_word=0.9))
    assert attacks["words"].auc > 0.75
    assert attacks["words"].p == 0.01
    assert attacks["marks"].p > 0.05


def test_without_a_difference_chance_gives_small_p_values_as_often_as_it_should() -> None:
    p_values = [
        attack.p for seed in range(6) for attack in attacks_on(simulate_items(OBSERVATIONS, seed=seed)).values()
    ]
    assert sum(p <= 0.1 for p in p_values) <= 6
    assert sum(p > 0.5 for p in p_values) >= 4


def test_a_window_that_two_items_show_is_not_what_tells_their_arm() -> None:
    items = simulate_items(OBSERVATIONS)
    arms = {observation.allocated.item: observation.allocated.arm for observation in OBSERVATIONS}
    passages = {arm: next(item for item in items if arms[item.code] == arm).passages[0] for arm in set(arms.values())}
    sharing = [replace(item, passages=(passages[arms[item.code]], *item.passages[1:])) for item in items]
    assert shares_window(sharing).sum() == 2 * 60**2
    assert attacks_on(sharing)["words"].auc == 0.5
    twins = [
        replace(item, passages=first.passages if arms[first.code] == arms[item.code] else item.passages)
        for first, item in zip(items[::2], items[1::2], strict=True)
    ]
    assert attacks_on(sorted([*items[::2], *twins], key=lambda item: item.code))["words"].p > 0.05


def test_attacks_stand_under_the_headline_in_the_chart_and_in_analysis_json() -> None:
    items = simulate_items(OBSERVATIONS, more_marks=0.8)
    stimuli = tuple(MarkCounts.from_item(item) for item in items)
    analysis = analyse(OBSERVATIONS, replace(FRAME, stimuli=stimuli), items)
    assert analysis.attacks is not None
    marks = analysis.attacks[0]
    assert f"by the marks alone with AUC {marks.auc:.2f} (p = 0.01; up to {marks.usual:.2f}" in analysis.marks_alone
    assert "number of marked tokens" not in analysis.marks_alone, "a count has no p, so it is in the chart alone"
    chart = stimulus_chart(analysis)
    assert chart is not None
    assert {"attacks.0", "attacks.1", "attacks.2"} <= set(chart.row_paths)
    assert read_analysis(analysis.content()) == analysis


def test_with_rank_marks_no_count_of_marks_is_printed() -> None:
    items = simulate_items(OBSERVATIONS)
    stimuli = tuple(MarkCounts.from_item(item) for item in items)
    analysis = analyse(OBSERVATIONS, replace(FRAME, stimuli=stimuli, marks="rank"), items)
    assert [feature.feature for feature in analysis.stimulus] == ["tokens"]
    assert "number of marked tokens" not in analysis.marks_alone
    assert "A program tried to tell solu from baseline" in analysis.marks_alone


def test_arms_that_were_not_attacked_are_named() -> None:
    cells = (*FRAME.cells, replace(FRAME.cells[0], arm="ablated"))
    two, three = (
        analyse(OBSERVATIONS, frame, simulate_items(OBSERVATIONS)).marks_alone
        for frame in (FRAME, replace(FRAME, cells=cells))
    )
    assert three == f"{two} It did not try to tell ablated from them."


def test_items_that_all_share_a_window_are_not_said_to_give_nothing_away() -> None:
    items = simulate_items(OBSERVATIONS, more_marks=0.8)
    shared = items[0].passages[0]
    sharing = [replace(item, passages=(shared, *item.passages[1:])) for item in items]
    sentence = analyse(OBSERVATIONS, FRAME, sharing).marks_alone
    assert "could not be measured: each item shares a window" in sentence


def test_a_round_of_version_0_1_has_no_attacks() -> None:
    analysis = analyse(OBSERVATIONS, replace(FRAME, plan=None), simulate_items(OBSERVATIONS))
    assert "attacks" not in analysis.content()


def test_too_few_items_are_not_attacked() -> None:
    analysis = analyse(OBSERVATIONS[:1], FRAME, simulate_items(OBSERVATIONS[:1]))
    assert analysis.attacks == ()
    assert analysis.marks_alone.startswith("How much marks and words give away to a program was not measured.")


def test_marks_are_measured_without_words_and_words_without_marks() -> None:
    brighter = replace(PASSAGE, levels=(0, 5, 0))
    other_words = replace(PASSAGE, texts=(" a", " c", " d"))
    passages = {"x": PASSAGE, "y": brighter, "z": other_words}
    items = [Item(code, (passage, passage)) for code, passage in passages.items()]
    marks, words, vocabularies = mark_features(items), word_features(items), vocabulary(items)
    assert marks[0].tolist() == marks[2].tolist() != marks[1].tolist()
    assert words[0].tolist() == words[1].tolist() != words[2].tolist()
    assert vocabularies[0].tolist() == vocabularies[1].tolist()
    assert vocabularies[2] @ vocabularies[2] == pytest.approx(1)
    assert shares_window(items).tolist() == [[True, True, False], [True, True, False], [False, False, True]]
