"""Results by evaluator: exclusion rules."""

from dataclasses import replace

import pytest

from app.report.analysis.analysis import analyse
from app.rounds.exclusions import Exclusions
from tests.report.simulated_round import frame_for, simulate_observations


def test_an_evaluator_who_breaks_a_rule_is_named_and_both_results_are_reported() -> None:
    observations = [
        replace(observation, judgment=replace(observation.judgment, active_seconds=2.0))
        if observation.evaluator == "Ash"
        else observation
        for observation in simulate_observations()
    ]
    frame = frame_for(observations, exclusions=Exclusions(shortest_median_seconds=10))
    analysis = analyse(observations, frame)
    (excluded,) = analysis.exclusions.excluded
    assert excluded.evaluator == "Ash"
    assert "median time" in excluded.reasons[0]
    without_ash = [observation for observation in observations if observation.evaluator != "Ash"]
    assert analysis.exclusions.difference is not None
    estimate = analysis.exclusions.difference.estimate
    assert estimate == pytest.approx(analyse(without_ash, frame).difference.estimate, abs=1e-9)
    assert estimate != pytest.approx(analysis.difference.estimate, abs=1e-9)
