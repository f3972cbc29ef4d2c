"""The evidence of whether the blind held: guesses, piles, marks and the leak audit."""

from dataclasses import replace

import pytest

from app.leak_audit.summary import AuditSummary, FindingsSummary, GateAttackSummary, GateSummary, Thresholds
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import Guess, MarkCounts, PiledItem
from tests.report.simulated_round import arms_by_item, frame_for, simulate_observations
from tests.report.test_analysis import assert_reportable


def test_guesses_and_piles_are_compared_with_the_arms() -> None:
    observations = simulate_observations(strata=("1L/0",))
    arms = arms_by_item(observations)
    guesses = tuple(Guess(name, True, arm, item) for name in ("Ash", "Birch") for item, arm in arms.items())
    piles = tuple(PiledItem("Cedar", item, "A" if arm == "solu" else "B") for item, arm in list(arms.items())[14:26])
    blinding = assert_reportable(observations, frame_for(observations, guesses=guesses, piles=piles)).blinding
    assert blinding.overall is not None
    assert list(blinding.overall.bang) == ["solu", "baseline"]
    for index in blinding.overall.bang.values():
        assert index is not None
        assert index.estimate == 1
    assert blinding.overall.james is not None
    assert blinding.overall.james.estimate == pytest.approx(0, abs=1e-9)
    assert blinding.sorting is not None
    assert blinding.sorting.per_evaluator[0].agreeing == 12
    assert blinding.sorting.p is not None
    assert blinding.sorting.p < 0.01


def test_james_index_is_1_if_nobody_knows_the_arms() -> None:
    observations = simulate_observations(strata=("1L/0",))
    guesses = tuple(Guess(name, True, None, item) for name in ("Ash", "Birch") for item in arms_by_item(observations))
    overall = analyse(observations, frame_for(observations, guesses=guesses)).blinding.overall
    assert overall is not None
    assert overall.james is not None
    assert overall.james.estimate == 1


def test_marks_that_give_the_arm_away_are_reported_under_the_headline_of_version_0_1() -> None:
    observations = simulate_observations(strata=("1L/0",))
    stimuli = tuple(
        MarkCounts(item, 50 + 40 * (arm == "solu"), 100, 900) for item, arm in arms_by_item(observations).items()
    )
    analysis = assert_reportable(observations, replace(frame_for(observations, stimuli=stimuli), plan=None))
    assert analysis.stimulus[0].auc == 1
    assert "AUC 1.00" in analysis.marks_alone
    assert analysis.transport is None
    assert analysis.transport_alone == "No leak audit was run before the seal."


def test_in_version_0_1_fewer_marks_tell_the_arms_apart_as_well_as_more() -> None:
    observations = simulate_observations(strata=("1L/0",))
    stimuli = tuple(
        MarkCounts(item, 50 - 40 * (arm == "solu"), 100, 900) for item, arm in arms_by_item(observations).items()
    )
    analysis = analyse(observations, replace(frame_for(observations, stimuli=stimuli), plan=None))
    assert analysis.stimulus[0].auc == 0
    assert "AUC 1.00" in analysis.marks_alone


@pytest.mark.parametrize(
    ("p", "plain_leak_p", "sentence"),
    [
        (0.4, 0.00005, "showed no sign of the arms (p = 0.4, 40 items; p = 0.0005 or less refuses the seal)"),
        (0.0006, 0.00005, "a warning, but not enough to refuse"),
        (0.4, 0.01, "showed no sign of the arms (p = 0.4, 40 items), but with so few items even a plain leak"),
        (0.0002, 0.00005, "found a leak"),
    ],
)
def test_the_result_of_the_leak_audit_stands_under_the_headline(p: float, plain_leak_p: float, sentence: str) -> None:
    leaks = p <= 0.0005
    nothing = FindingsSummary(count=0, first=[])
    thresholds = Thresholds(refusal_p=0.0005, warning_p=0.02, plain_leak_p=plain_leak_p)
    transport = GateAttackSummary(p=p, permutations=499, items=40, features=12, leaks=leaks, thresholds=thresholds)
    gate = GateSummary(swap=nothing, name_search=nothing, transport=transport)
    summary = AuditSummary(passed=not leaks, responses=640, gate=gate, positions={})
    observations = simulate_observations()
    analysis = assert_reportable(observations, replace(frame_for(observations), audit=summary.model_dump()))
    assert "an audit read 640 responses" in analysis.transport_alone
    assert sentence in analysis.transport_alone
    assert analysis.transport is not None
    assert (analysis.transport.auc, analysis.transport.p) == (None, p)


def test_an_audit_of_version_0_1_is_told_by_the_aucs_of_its_classifiers() -> None:
    nothing = FindingsSummary(count=0, first=[])
    aucs = {"logistic regression": 0.55, "gradient boosting": 0.61}
    transport = GateAttackSummary(
        aucs=aucs, p=0.4, permutations=49, detectable=0.71, items=40, features=12, leaks=False
    )
    gate = GateSummary(swap=nothing, name_search=nothing, transport=transport)
    summary = AuditSummary(passed=True, responses=640, gate=gate, positions={})
    observations = simulate_observations()
    analysis = assert_reportable(observations, replace(frame_for(observations), audit=summary.model_dump()))
    assert "(attackers' AUC 0.61; 0.71 would have shown as a leak)" in analysis.transport_alone
    transport_json = analysis.content()["transport"]
    assert isinstance(transport_json, dict)
    assert "thresholds" not in transport_json
