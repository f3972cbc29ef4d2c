"""How far the result depends on missing judgments."""

import pytest

from app.report.analysis.analysis import analyse
from tests.report.simulated_round import frame_for, simulate_observations


def test_missing_judgments_are_bounded_both_ways() -> None:
    observations = simulate_observations(strata=("1L/0",))
    frame = frame_for(observations, planned=3)
    partial, complete = analyse(observations[:-30], frame), analyse(observations, frame)
    assert partial.sensitivity.missing_judgments["solu"] == 30
    lowest = partial.sensitivity.missing_for_reference.estimate
    highest = partial.sensitivity.missing_for_treatment.estimate
    estimate = complete.difference.estimate
    assert lowest is not None
    assert highest is not None
    assert estimate is not None
    assert lowest <= estimate <= highest
    assert highest - lowest == pytest.approx(30 / 66)
    assert complete.sensitivity.missing_for_treatment.estimate == pytest.approx(estimate, abs=1e-9)
