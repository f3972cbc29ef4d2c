"""Power and sample sizes of plans, compared with published sizes and by simulation."""

from dataclasses import replace

import numpy as np
import pytest

from app.statistics.power import StudyPlan, detectable_difference, neurons_needed, plan_power


@pytest.mark.parametrize(
    ("treatment", "reference", "evaluator_count", "correlation", "expected"),
    [(0.6, 0.35, 1, 0.5, 62), (0.45, 0.35, 1, 0.5, 376), (0.42, 0.33, 1, 0.5, 453), (0.6, 0.35, 3, 0.5, 41)],
)
def test_the_planner_finds_the_known_sample_sizes(
    treatment: float, reference: float, evaluator_count: int, correlation: float, expected: int
) -> None:
    neuron_count = neurons_needed(StudyPlan(treatment, reference, 60, evaluator_count, correlation))
    assert neuron_count is not None
    assert abs(neuron_count - expected) <= 1


def test_power_grows_with_neurons_and_evaluators_and_falls_with_their_spread() -> None:
    plan = StudyPlan(0.5, 0.38, 60, 5, 0.5, 0.05)
    assert plan_power(replace(plan, neurons_per_cell=90)).power > plan_power(plan).power
    assert plan_power(replace(plan, evaluator_count=9)).power > plan_power(plan).power
    assert plan_power(replace(plan, evaluator_sd=0.15)).power < plan_power(plan).power
    assert plan_power(replace(plan, overlap=2)).judgment_count == 240
    assert neurons_needed(replace(plan, evaluator_sd=0.4)) is None


def test_power_and_interval_width_agree_with_simulation() -> None:
    generator = np.random.default_rng(6)
    plan = StudyPlan(0.6, 0.4, 60, 3, 0.5)
    study_count = 2000
    scale = 1 / plan.verdict_correlation - 1
    chances = [
        generator.beta(p * scale, (1 - p) * scale, (study_count, 60))
        for p in (plan.treatment_fraction, plan.reference_fraction)
    ]
    means = [generator.binomial(3, chance) / 3 for chance in chances]
    differences = means[0].mean(axis=1) - means[1].mean(axis=1)
    errors = np.sqrt((means[0].var(axis=1, ddof=1) + means[1].var(axis=1, ddof=1)) / 60)
    wins = int((np.abs(differences) > 1.96 * errors).sum())
    assert wins / study_count == pytest.approx(plan_power(plan).power, abs=0.03)
    assert np.std(differences) * 1.96 == pytest.approx(plan_power(plan).half_width, rel=0.05)


@pytest.mark.parametrize(
    "plan",
    [
        StudyPlan(35, 0.6, 60),
        StudyPlan(0.3, 0.6, 1),
        StudyPlan(0.3, 0.6, 60, 0),
        StudyPlan(0.3, 0.6, 60, verdict_correlation=2),
        StudyPlan(0.3, 0.6, 60, evaluator_sd=0.1),
    ],
)
def test_a_plan_that_cannot_be_computed_is_refused_with_a_sentence(plan: StudyPlan) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        plan_power(plan)


def test_the_detectable_difference_is_the_smallest_with_the_power() -> None:
    plan = StudyPlan(0.5, 0.35, 60, 3)
    difference = detectable_difference(plan, 0.8)
    assert difference is not None
    reached = plan_power(replace(plan, treatment_fraction=0.35 + difference)).power
    assert reached == pytest.approx(0.8, abs=1e-4)
    assert plan_power(replace(plan, treatment_fraction=0.35 + difference - 0.01)).power < 0.8


def test_no_difference_is_detectable_with_two_neurons() -> None:
    assert detectable_difference(StudyPlan(0.5, 0.35, 2), 0.8) is None
