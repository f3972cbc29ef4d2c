"""Fractions and differences: of 0 and 1, with dead neurons, and weighted by the sizes of layers."""

import math
from dataclasses import replace

import pytest

from app.report.analysis.analysis import analyse
from app.rounds.allocation import LayerCount
from app.statistics.intervals import Interval
from tests.report.simulated_round import frame_for, observe, simulate_observations, with_verdict
from tests.report.test_analysis import assert_reportable

LAYER_WEIGHTS = (0.7, 0.1, 0.1, 0.1)
Z_SQUARED = 3.8415


@pytest.mark.parametrize(("baseline", "solu"), [(0.0, 1.0), (0.0, 0.0), (1.0, 1.0), (0.0, 0.5)])
def test_fractions_of_0_and_1_have_wilson_intervals(baseline: float, solu: float) -> None:
    observations = [
        with_verdict(observation, "interpretable" if index % 2 < 2 * fraction else "not_interpretable")
        for index, observation in enumerate(simulate_observations(shown=60, strata=("1L/0",)))
        for fraction in [solu if observation.allocated.arm == "solu" else baseline]
    ]
    analysis = assert_reportable(observations, frame_for(observations, dead=0))
    wilson = Interval(0.0, Z_SQUARED / (60 + Z_SQUARED)) if baseline == 0 else Interval(60 / (60 + Z_SQUARED), 1.0)
    interval = analysis.arms["baseline"].interval
    assert interval == pytest.approx(wilson, abs=1e-4)
    assert interval is not None
    assert baseline in interval
    assert analysis.difference.interval is not None
    assert analysis.difference.interval.width > 0.05


def test_a_pooled_difference_without_any_spread_has_an_interval() -> None:
    observations = [with_verdict(observation, "not_interpretable") for observation in simulate_observations()]
    difference = assert_reportable(observations, frame_for(observations)).difference
    assert difference.strata == 2
    assert difference.interval is not None
    assert difference.interval.upper > 0.04


def test_dead_neurons_count_as_not_interpretable_in_proportion_to_the_judged_ones() -> None:
    observations = simulate_observations(strata=("1L/0",), evaluators=("Ash",), shown=20)
    live = analyse(observations, frame_for(observations, dead=0)).arms["solu"]
    assert live.fraction is not None
    complete = analyse(observations, frame_for(observations, dead=20)).arms["solu"]
    assert complete.fraction == pytest.approx(live.fraction / 2, abs=1e-9)
    assert complete.n == 40
    frame = frame_for(observations, dead=20)
    half = replace(frame, cells=tuple(replace(cell, shown=40, drawn=60) for cell in frame.cells))
    stopped = analyse(observations, half).arms["solu"]
    assert stopped.n == 30
    assert stopped.fraction == pytest.approx(live.fraction * 20 / 30, abs=1e-9)


def test_cannot_judge_counts_as_not_interpretable() -> None:
    observations = simulate_observations(strata=("1L/0",))
    hesitant = [
        with_verdict(observation, "cannot_judge")
        if observation.judgment.verdict == "not_interpretable"
        else observation
        for observation in observations
    ]
    frame = frame_for(observations)
    assert analyse(hesitant, frame).arms == analyse(observations, frame).arms


def test_controls_and_repeats_enter_no_fraction() -> None:
    observations = simulate_observations(strata=("1L/0",))
    frame = frame_for(observations)
    original = observations[0].allocated.item
    controls = [
        observe("Ash", "planted1", "solu", "interpretable", kind="planted"),
        observe("Ash", "purity1", "solu", "not_interpretable", kind="purity", purity=0.5),
        observe("Ash", "training1", "solu", "interpretable", kind="training"),
        observe("Ash", "again", "solu", "interpretable", kind="repeat", repeats=original),
    ]
    analysis, without_controls = analyse([*observations, *controls], frame), analyse(observations, frame)
    assert analysis.arms == without_controls.arms
    assert analysis.difference == without_controls.difference
    assert analysis.controls.planted.fraction == 1
    assert analysis.controls.ladder[0].purity == 0.5
    assert analysis.agreement.within_evaluator.units == 1


def test_layers_drawn_equally_are_weighted_by_their_sizes() -> None:
    observations = simulate_observations(strata=("1L/0",), evaluators=("Ash",))
    layers = tuple(LayerCount(layer, round(1000 * weight), 5, 0) for layer, weight in enumerate(LAYER_WEIGHTS))
    frame = frame_for(observations, dead=0, by_layer=True)
    frame = replace(frame, cells=tuple(replace(cell, layers=layers) for cell in frame.cells))
    expected = 0.0
    for layer, weight in enumerate(LAYER_WEIGHTS):
        verdicts = [
            observation.judgment.verdict == "interpretable"
            for observation in observations
            if (observation.allocated.arm, observation.allocated.layer) == ("solu", layer)
        ]
        expected += weight * math.fsum(verdicts) / len(verdicts)
    assert analyse(observations, frame).arms["solu"].fraction == pytest.approx(expected, abs=1e-9)
