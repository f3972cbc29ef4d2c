"""The whole analysis: with exchanged arms, written as JSON and read again, and of rounds with few judgments."""

import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.report.analysis.analysis import Analysis, analyse, read_analysis
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.charts.all_charts import draw_charts
from app.report.charts.dotplot import Estimated
from app.rounds.exclusions import Exclusions
from app.statistics.intervals import Interval
from app.unblinding.observations import Observation
from tests.report.simulated_round import frame_for, simulate_observations

RELEASED_EXPORT = Path(__file__).parents[1] / "data" / "released" / "0.1.0" / "exports" / "unblinded.zip"
OTHER_ARM = {"baseline": "solu", "solu": "baseline"}

DIFFERENCES: list[Callable[[Analysis], Sequence[Estimated | None]]] = [
    lambda analysis: [analysis.difference, analysis.evaluators_like_these, analysis.model_check],
    lambda analysis: analysis.strata,
    lambda analysis: [result.own_difference for result in analysis.per_evaluator],
    lambda analysis: [analysis.exposure.naive, analysis.sensitivity.majority, analysis.exclusions.difference],
    lambda analysis: [analysis.secondary.live_only, analysis.secondary.not_token_detectors],
    lambda analysis: analysis.secondary.depth,
]


def swap_arms(observations: list[Observation], frame: AnalysisFrame) -> tuple[list[Observation], AnalysisFrame]:
    """The round with the names of its two arms exchanged."""
    swapped = [
        replace(observation, allocated=replace(observation.allocated, arm=OTHER_ARM[observation.allocated.arm]))
        for observation in observations
    ]
    cells = tuple(replace(cell, arm=OTHER_ARM[cell.arm]) for cell in frame.cells)
    return swapped, replace(frame, cells=cells)


def assert_mirrored(result: Estimated | None, mirrored: Estimated | None) -> None:
    """Assert that `mirrored` is the negative of `result` and has the same p."""
    assert (result is None) == (mirrored is None)
    if result is None or mirrored is None:
        return
    assert (result.estimate is None) == (mirrored.estimate is None)
    if result.estimate is None:
        return
    assert mirrored.estimate == pytest.approx(-result.estimate, abs=1e-9)
    if result.interval is not None:
        lower, upper = result.interval
        assert mirrored.interval == pytest.approx(Interval(-upper, -lower), abs=1e-9)
    p_value = getattr(result, "p", None)
    if p_value is not None:
        assert getattr(mirrored, "p", None) == pytest.approx(p_value, abs=1e-9)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), baseline=st.floats(0.05, 0.95), solu=st.floats(0.05, 0.95))
def test_swapped_arms_mirror_every_number(seed: int, baseline: float, solu: float) -> None:
    observations = simulate_observations(
        seed, true_fractions={"baseline": baseline, "solu": solu}, shown=12, evaluators=("A", "B", "C", "D", "E")
    )
    frame = frame_for(observations, dead=seed % 3, exclusions=Exclusions(shortest_median_seconds=48))
    analysis, mirrored = analyse(observations, frame), analyse(*swap_arms(observations, frame))
    for differences in DIFFERENCES:
        for result, mirrored_result in zip(differences(analysis), differences(mirrored), strict=True):
            assert_mirrored(result, mirrored_result)
    for arm, other_arm in OTHER_ARM.items():
        assert analysis.arms[arm] == mirrored.arms[other_arm]
        assert analysis.agreement.within_arm[arm] == mirrored.agreement.within_arm[other_arm]
    if analysis.ratio.estimate and analysis.ratio.interval and mirrored.ratio.interval:
        assert mirrored.ratio.estimate == pytest.approx(1 / analysis.ratio.estimate, abs=1e-9)
        lower, upper = analysis.ratio.interval
        assert mirrored.ratio.interval == pytest.approx(Interval(1 / upper, 1 / lower), rel=0.01)
    assert analysis.agreement.between == mirrored.agreement.between


def test_an_analysis_is_read_from_its_json_and_written_with_the_same_bytes() -> None:
    observations = simulate_observations(shown=6)
    analysis = analyse(observations, frame_for(observations))
    text = json.dumps(analysis.content())
    assert read_analysis(json.loads(text)) == analysis
    assert json.dumps(read_analysis(json.loads(text)).content()) == text


def test_an_analysis_of_version_0_1_0_is_read_and_written_with_the_same_bytes() -> None:
    with zipfile.ZipFile(RELEASED_EXPORT) as archive:
        text = archive.read("analysis.json").decode()
    analysis = read_analysis(json.loads(text))
    assert analysis.evaluators == 3
    assert json.dumps(analysis.content(), ensure_ascii=False, indent=1) + "\n" == text


@pytest.mark.parametrize("content", [{}, [], None, {"version": 1, "headline": "Half."}])
def test_json_that_is_no_analysis_is_refused(content: dict[str, int] | list[int] | None) -> None:
    with pytest.raises(ValueError, match="validation error"):
        read_analysis(content)  # type: ignore[arg-type]


def assert_reportable(observations: list[Observation], frame: AnalysisFrame) -> Analysis:
    """Analyse a round and assert that the result is JSON without NaN and that its charts show no NaN."""
    analysis = analyse(observations, frame)
    assert json.loads(json.dumps(analysis.content(), allow_nan=False)) is not None
    for chart in draw_charts(analysis).values():
        text = chart.svg + chart.summary_sentence + str(chart.rows)
        assert "nan" not in text.lower().replace("finance", "")
        assert "None" not in text
        assert "inf" not in text
    return analysis


def test_a_round_without_judgments_says_so() -> None:
    cells = (CellCounts("baseline", "1L/0", 100, 10, 1, 9), CellCounts("solu", "1L/0", 100, 10, 1, 9))
    analysis = assert_reportable([], AnalysisFrame(cells, "baseline", "solu", "00"))
    assert "nothing to report" in analysis.headline
    assert analysis.difference.estimate is None
    assert_reportable([], AnalysisFrame((), "baseline", "solu", "00"))


def test_a_round_with_one_evaluator_has_no_agreement() -> None:
    observations = simulate_observations(evaluators=("Ash",))
    analysis = assert_reportable(observations, frame_for(observations))
    assert "This one evaluator marked" in analysis.headline
    assert analysis.agreement.between.ac1.estimate is None
    assert any("one evaluator" in note for note in analysis.notes)


def test_evaluators_who_judged_nothing_in_common_have_no_agreement() -> None:
    observations = [
        observation
        for observation in simulate_observations(evaluators=("Ash", "Birch"))
        if (int(observation.allocated.item, 16) % 2 == 0) == (observation.evaluator == "Ash")
    ]
    analysis = assert_reportable(observations, frame_for(observations, planned=1))
    assert analysis.agreement.between.units == 0
    assert all(pair.percent is None for pair in analysis.agreement.pairs)


def test_an_arm_that_nobody_judged_has_no_fraction() -> None:
    observations = [observation for observation in simulate_observations() if observation.allocated.arm == "solu"]
    frame = frame_for(observations)
    frame = replace(frame, cells=(*frame.cells, CellCounts("baseline", "1L/0", 1024, 22, 2, 20)))
    analysis = assert_reportable(observations, frame)
    assert analysis.arms["baseline"].fraction is None
    assert any("baseline" in note for note in analysis.notes)
