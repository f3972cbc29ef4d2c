"""The analysis against its own mirror image, and where little can be said."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.report.analysis.analysis import analyse
from app.report.analysis.frame import (
    AnalysisFrame,
    CellCounts,
    ExclusionRules,
    Flagged,
    Guess,
    LayerCount,
    Piled,
    Stimulus,
)
from app.report.charts.all_charts import charts
from app.unblinding.observations import Observation

Making = Any
SWAP = {"baseline": "solu", "solu": "baseline"}


def swapped(observations: list[Observation], frame: AnalysisFrame) -> tuple[list[Observation], AnalysisFrame]:
    """The same round with the two arms' names exchanged."""
    turned = [replace(one, allocated=replace(one.allocated, arm=SWAP[one.allocated.arm])) for one in observations]
    cells = tuple(replace(one, arm=SWAP[one.arm]) for one in frame.cells)
    return turned, replace(frame, cells=cells)


def near(value: float) -> Any:
    return pytest.approx(value, abs=1e-9)


def assert_negated(one: dict[str, Any] | None, other: dict[str, Any] | None) -> None:
    assert (one is None) == (other is None)
    if one is None or other is None:
        return
    if one["estimate"] is None:
        assert other["estimate"] is None
        return
    assert other["estimate"] == near(-one["estimate"])
    if one["interval"] is not None:
        assert other["interval"] == [near(-one["interval"][1]), near(-one["interval"][0])]
    if one.get("p") is not None:
        assert other["p"] == near(one["p"])


DIFFERENCES: list[Callable[[dict[str, Any]], Any]] = [
    lambda found: [found["difference"], found["evaluators_like_these"], found["model_check"]],
    lambda found: found["strata"],
    lambda found: [one["difference"] for one in found["per_evaluator"]],
    lambda found: [found["exposure"]["naive"], found["sensitivity"]["majority"], found["exclusions"]["difference"]],
    lambda found: [found["secondary"]["live_only"], found["secondary"]["not_token_detectors"]],
    lambda found: found["secondary"]["depth"],
]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10**6), first=st.floats(0.05, 0.95), second=st.floats(0.05, 0.95))
def test_swapped_arms_mirror_every_number(making: Making, seed: int, first: float, second: float) -> None:
    observations = making.simulated(
        seed, truth={"baseline": first, "solu": second}, shown=12, evaluators=("A", "B", "C", "D", "E")
    )
    frame = making.frame_of(observations, dead=seed % 3, exclusions=ExclusionRules(shortest_median_seconds=48))
    found, mirrored = analyse(observations, frame), analyse(*swapped(observations, frame))
    for chosen in DIFFERENCES:
        for one, other in zip(chosen(found), chosen(mirrored), strict=True):
            assert_negated(one, other)
    for arm, other_arm in SWAP.items():
        assert found["arms"][arm] == mirrored["arms"][other_arm]
        assert found["agreement"]["within_arm"][arm] == mirrored["agreement"]["within_arm"][other_arm]
    if found["ratio"]["estimate"] and found["ratio"]["interval"] and mirrored["ratio"]["interval"]:
        assert mirrored["ratio"]["estimate"] == near(1 / found["ratio"]["estimate"])
        low, high = found["ratio"]["interval"]
        assert mirrored["ratio"]["interval"] == [pytest.approx(1 / high, rel=0.01), pytest.approx(1 / low, rel=0.01)]
    assert found["agreement"]["between"] == mirrored["agreement"]["between"]


def assert_sayable(observations: list[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """The analysis is JSON without NaN, its charts can be drawn, and no chart says nan."""
    found = analyse(observations, frame)
    assert json.loads(json.dumps(found, allow_nan=False)) is not None
    for one in charts(found).values():
        text = one.svg + one.reading + str(one.rows)
        assert "nan" not in text.lower().replace("finance", "")
        assert "None" not in text
        assert "inf" not in text
    return found


def test_a_round_without_judgments_says_so() -> None:
    cells = (CellCounts("baseline", "1L/0", 100, 10, 1, 9), CellCounts("solu", "1L/0", 100, 10, 1, 9))
    found = assert_sayable([], AnalysisFrame(cells, "baseline", "solu", "00"))
    assert "nothing to report" in found["headline"]
    assert found["difference"]["estimate"] is None
    assert_sayable([], AnalysisFrame((), "baseline", "solu", "00"))


def test_one_evaluator_has_no_agreement(making: Making) -> None:
    observations = making.simulated(evaluators=("Ash",))
    found = assert_sayable(observations, making.frame_of(observations))
    assert "this one evaluator" in found["headline"]
    assert found["agreement"]["between"]["ac1"]["estimate"] is None
    assert any("one evaluator" in note for note in found["notes"])


@pytest.mark.parametrize("truth", [(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.0, 0.5)])
def test_arms_at_the_limits_keep_an_interval(making: Making, truth: tuple[float, float]) -> None:
    source = making.simulated(shown=60, strata=("1L/0",))
    observations = [
        replace(one, judgment=replace(one.judgment, verdict="interpretable" if yes else "not_interpretable"))
        for place, one in enumerate(source)
        for chance in [truth[one.allocated.arm == "solu"]]
        for yes in [place % 2 < 2 * chance]
    ]
    found = assert_sayable(observations, making.frame_of(observations, dead=0))
    low, high = found["arms"]["baseline"]["interval"]
    if truth[0] == 0:
        assert (low, high) == (0.0, pytest.approx(3.8415 / (60 + 3.8415), abs=1e-4))
    else:
        assert (low, high) == (pytest.approx(60 / (60 + 3.8415), abs=1e-4), 1.0)
    width = found["difference"]["interval"][1] - found["difference"]["interval"][0]
    assert width > 0.05


def test_pooled_arms_without_spread_keep_an_interval(making: Making) -> None:
    observations = [
        replace(one, judgment=replace(one.judgment, verdict="not_interpretable")) for one in making.simulated()
    ]
    found = assert_sayable(observations, making.frame_of(observations))
    assert found["difference"]["strata"] == 2
    assert found["difference"]["interval"][1] > 0.04


def test_evaluators_without_overlap(making: Making) -> None:
    observations = [
        one
        for one in making.simulated(evaluators=("Ash", "Birch"))
        if (int(one.allocated.item, 16) % 2 == 0) == (one.evaluator == "Ash")
    ]
    found = assert_sayable(observations, making.frame_of(observations, planned=1))
    assert found["agreement"]["between"]["units"] == 0
    assert all(one["percent"] is None for one in found["agreement"]["pairs"])


def test_an_erased_evaluator_and_a_missing_arm(making: Making) -> None:
    observations = [one for one in making.simulated() if one.allocated.arm == "solu"]
    frame = making.frame_of(observations)
    frame = replace(frame, cells=(*frame.cells, CellCounts("baseline", "1L/0", 1024, 22, 2, 20)))
    found = assert_sayable(observations, frame)
    assert found["arms"]["baseline"]["fraction"] is None
    assert any("baseline" in note for note in found["notes"])


def test_dead_neurons_count_not_in_proportion_to_what_was_judged(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",), evaluators=("Ash",), shown=20)
    whole = analyse(observations, making.frame_of(observations, dead=20))["arms"]["solu"]
    live = analyse(observations, making.frame_of(observations, dead=0))["arms"]["solu"]
    assert whole["fraction"] == near(live["fraction"] / 2)
    assert whole["n"] == 40
    frame = making.frame_of(observations, dead=20)
    half = replace(frame, cells=tuple(replace(one, shown=40, drawn=60) for one in frame.cells))
    stopped = analyse(observations, half)["arms"]["solu"]
    assert stopped["n"] == 30
    assert stopped["fraction"] == near(live["fraction"] * 20 / 30)


def test_cannot_judge_counts_not(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",))
    hesitant = [
        replace(one, judgment=replace(one.judgment, verdict="cannot_judge"))
        if one.judgment.verdict == "not_interpretable"
        else one
        for one in observations
    ]
    frame = making.frame_of(observations)
    assert analyse(hesitant, frame)["arms"] == analyse(observations, frame)["arms"]


def test_controls_and_repeats_enter_no_fraction(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",))
    frame = making.frame_of(observations)
    original = observations[0].allocated.item
    extra = [
        making.observation("Ash", "planted1", "solu", "interpretable", kind="planted"),
        making.observation("Ash", "purity1", "solu", "not_interpretable", kind="purity", purity=0.5),
        making.observation("Ash", "training1", "solu", "interpretable", kind="training"),
        making.observation("Ash", "again", "solu", "interpretable", kind="repeat", repeats=original),
    ]
    found, plain = analyse([*observations, *extra], frame), analyse(observations, frame)
    assert found["arms"] == plain["arms"]
    assert found["difference"] == plain["difference"]
    assert found["controls"]["planted"]["fraction"] == 1
    assert found["controls"]["ladder"][0]["purity"] == 0.5
    assert found["agreement"]["within_evaluator"]["units"] == 1


def test_an_evaluator_who_breaks_a_rule_is_named_and_both_results_stand(making: Making) -> None:
    observations = [
        replace(one, judgment=replace(one.judgment, active_seconds=2.0)) if one.evaluator == "Ash" else one
        for one in making.simulated()
    ]
    frame = making.frame_of(observations, exclusions=ExclusionRules(shortest_median_seconds=10))
    found = analyse(observations, frame)
    assert [one["evaluator"] for one in found["exclusions"]["excluded"]] == ["Ash"]
    assert "median time" in found["exclusions"]["excluded"][0]["reasons"][0]
    rest = [one for one in observations if one.evaluator != "Ash"]
    assert found["exclusions"]["difference"]["estimate"] == near(analyse(rest, frame)["difference"]["estimate"])
    assert found["exclusions"]["difference"]["estimate"] != near(found["difference"]["estimate"])


def test_missing_judgments_are_bounded_both_ways(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",))
    frame = making.frame_of(observations, planned=3)
    found = analyse(observations[:-30], frame)["sensitivity"]
    assert found["missing_judgments"]["solu"] == 30
    low, high = found["missing_for_reference"]["estimate"], found["missing_for_treatment"]["estimate"]
    whole = analyse(observations, frame)["difference"]["estimate"]
    assert low <= whole <= high
    assert high - low == pytest.approx(30 / 66)
    complete = analyse(observations, frame)["sensitivity"]
    assert complete["missing_for_treatment"]["estimate"] == near(whole)


def test_layers_drawn_equally_are_weighted_back(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",), evaluators=("Ash",))
    found = analyse(observations, weighted(making, observations))["arms"]["solu"]["fraction"]
    expected = sum(
        weight * math.fsum(votes) / len(votes)
        for layer, weight in enumerate((0.7, 0.1, 0.1, 0.1))
        for votes in [
            [
                one.judgment.verdict == "interpretable"
                for one in observations
                if one.allocated.arm == "solu" and one.allocated.layer == layer
            ]
        ]
    )
    assert found == near(expected)


def weighted(making: Making, observations: list[Observation]) -> AnalysisFrame:
    frame: AnalysisFrame = making.frame_of(observations, dead=0, by_layer=True)
    layers = tuple(LayerCount(layer, 700 if layer == 0 else 100, 5, 0) for layer in range(4))
    return replace(frame, cells=tuple(replace(one, layers=layers) for one in frame.cells))


def test_guesses_and_piles_are_judged_against_the_arms(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",))
    arms = {one.allocated.item: one.allocated.arm for one in observations}
    right = tuple(Guess(name, True, arm, item) for name in ("Ash", "Birch") for item, arm in arms.items())
    piles = tuple(Piled("Cedar", item, "A" if arm == "solu" else "B") for item, arm in list(arms.items())[14:26])
    frame = making.frame_of(observations, guesses=right, piles=piles)
    found = assert_sayable(observations, frame)["blinding"]
    assert found["overall"]["bang"] == {
        "solu": found["overall"]["bang"]["solu"],
        "baseline": found["overall"]["bang"]["baseline"],
    }
    assert found["overall"]["bang"]["solu"]["estimate"] == 1
    assert found["overall"]["james"]["estimate"] == near(0)
    assert found["sorting"]["per_evaluator"][0]["agreeing"] == 12
    assert found["sorting"]["p"] < 0.01
    unsure = making.frame_of(observations, guesses=tuple(replace(one, guess=None) for one in right))
    assert analyse(observations, unsure)["blinding"]["overall"]["james"]["estimate"] == 1


def test_marks_that_give_the_arm_away_are_beside_the_headline(making: Making) -> None:
    observations = making.simulated(strata=("1L/0",))
    arms = {one.allocated.item: one.allocated.arm for one in observations}
    shown = tuple(Stimulus(item, 50 + 40 * (arm == "solu"), 100, 900) for item, arm in arms.items())
    found = assert_sayable(observations, making.frame_of(observations, stimuli=shown))
    assert found["stimulus"][0]["auc"] == 1
    assert "AUC 1.00" in found["marks_alone"]
    assert found["transport"] is None
    assert found["wire_alone"] == "No leak audit was run before the seal."


@pytest.mark.parametrize(
    ("aucs", "leaks", "sentence"),
    [
        ({"logistic regression": 0.55, "gradient boosting": 0.61}, False, "attackers' AUC 0.61; 0.71 would have shown"),
        ({}, False, "too few items for its attackers"),
        ({"logistic regression": 0.99, "gradient boosting": 1.0}, True, "found a leak"),
    ],
)
def test_what_the_audit_found_stands_beside_the_headline(
    making: Making, aucs: dict[str, float], leaks: bool, sentence: str
) -> None:
    numbers = {"p": 0.4, "permutations": 49, "detectable": 0.71, "items": 40, "features": 12}
    gate = {name: {"count": 0, "first": []} for name in ("swap", "scan")}
    audit = {"responses": 640, "gate": gate | {"transport": numbers | {"aucs": aucs, "leaks": leaks}}}
    found = assert_sayable(making.simulated(), making.frame_of(making.simulated(), audit=audit))
    assert "an audit read 640 responses" in found["wire_alone"]
    assert sentence in found["wire_alone"]
    assert found["transport"]["auc"] == max(aucs.values(), default=None)


def test_a_frame_survives_json(making: Making) -> None:
    frame = making.frame_of(
        making.simulated(),
        guesses=(Guess("Ash", True, None, "x"),),
        piles=(Piled("Ash", "x", "A"),),
        stimuli=(Stimulus("x", 1, 2, 3),),
        flagged=(Flagged("Ash", "x"),),
        contrasts=(("layernorm-only", "baseline"),),
        exclusions=ExclusionRules(largest_cannot_judge=0.3),
        audit={"responses": 640, "gate": {"swap": {"count": 0, "first": []}}},
    )
    assert AnalysisFrame.from_content(json.loads(json.dumps(frame.content()))) == frame
