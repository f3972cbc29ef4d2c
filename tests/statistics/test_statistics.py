"""What the formulas promise, checked against brute force, limits and small simulations."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from app.statistics.agreement import agreement_coefficients, agreement_with_intervals
from app.statistics.auc import stratified_auc
from app.statistics.blinding import bang_indices, james_index
from app.statistics.estimating_equation import MOST_GEE_CLUSTERS, RegressionData, gee_difference
from app.statistics.mantel_haenszel import StratumComparison, mantel_haenszel_difference
from app.statistics.neuron_sample import NeuronSample, Substratum, merge_samples
from app.statistics.power import StudyPlan, neurons_needed, plan_power
from app.statistics.proportions import effective_sample_size, wilson_interval
from app.statistics.resampling import bootstrap_fractions, permutation_p_value, seeded_generator
from app.statistics.two_way_clustering import JudgedCell, difference_for_evaluators_like_these


def of(*means: float, key: str = "k", dead: float = 0) -> NeuronSample:
    return NeuronSample((Substratum(np.array(means, dtype=np.float64), dead),), len(means), key)


def test_an_effective_n_stays_between_neurons_and_judgments() -> None:
    assert effective_sample_size(0.5, 0.0, 60, 180) == 60
    assert effective_sample_size(0.5, 0.25 / 100, 60, 180) == pytest.approx(100)
    assert effective_sample_size(0.5, 0.25 / 20, 60, 180) == 60
    assert effective_sample_size(0.5, 0.25 / 500, 60, 180) == 180


def test_no_neurons_no_interval() -> None:
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(0.5, 0)


def test_one_judgment_each_is_plain_wilson() -> None:
    sample = of(*[1.0] * 21, *[0.0] * 39)
    assert sample.effective_n == 60
    assert sample.estimate_fraction().interval == wilson_interval(0.35, 60)


def test_dead_neurons_are_neurons_that_are_never_interpretable() -> None:
    assert of(1, 0, 1, dead=2).fraction == pytest.approx(of(1, 0, 1, 0, 0).fraction)
    assert of(1, 0, 1, dead=2).variance == pytest.approx(of(1, 0, 1, 0, 0).variance)


def test_strata_merge_by_their_neurons() -> None:
    first, second = of(1, 1, 0), of(0, 0, 0, 0, 1, 0)
    both = merge_samples((first, second))
    assert both.fraction == pytest.approx(3 / 9)
    assert both.variance == pytest.approx((3 / 9) ** 2 * first.variance + (6 / 9) ** 2 * second.variance)


def test_permutation_agrees_with_all_permutations() -> None:
    first, second = [1.0, 2 / 3, 1.0, 1 / 3], [0.0, 1 / 3, 0.0, 2 / 3, 0.0]
    everyone = first + second
    observed = abs(np.mean(first) - np.mean(second))
    far = [
        abs(np.mean([everyone[i] for i in chosen]) - np.mean([everyone[i] for i in range(9) if i not in chosen]))
        >= observed - 1e-9
        for chosen in itertools.combinations(range(9), 4)
    ]
    stratum = StratumComparison("", of(*first, key="a"), of(*second, key="b"))
    assert permutation_p_value([stratum], "s", permutation_count=50_000) == pytest.approx(np.mean(far), abs=0.005)
    turned = StratumComparison("", stratum.reference_sample, stratum.treatment_sample)
    assert permutation_p_value([turned], "s") == permutation_p_value([stratum], "s")


def test_bootstrap_draws_have_the_sample_s_mean_and_variance() -> None:
    sample = of(*[1.0] * 12, *[0.5] * 20, *[0.0] * 28)
    draws = bootstrap_fractions(sample, "seed")
    assert draws.mean() == pytest.approx(sample.fraction, abs=0.003)
    assert draws.var() == pytest.approx(sample.variance, rel=0.06)


def test_agreement_is_what_counting_pairs_gives() -> None:
    source = np.random.default_rng(3)
    counts = np.column_stack([3 - (votes := source.integers(0, 4, 200)), votes]).astype(float)
    pairs = [(a * (a - 1) + b * (b - 1)) / 6 for a, b in counts]
    percent, ac1, alpha = agreement_coefficients(counts)
    assert percent == pytest.approx(np.mean(pairs))
    share = votes.mean() / 3
    assert ac1 == pytest.approx((percent - 2 * share * (1 - share)) / (1 - 2 * share * (1 - share)))
    found = agreement_with_intervals(counts, seeded_generator("s", "test", "k"))
    assert found.unit_count == 200
    for one, value in zip((found.percent, found.ac1, found.alpha), (percent, ac1, alpha), strict=True):
        assert one.value == pytest.approx(value)
        assert one.interval is not None
        assert one.interval.lower < value < one.interval.upper


def test_agreement_where_everyone_says_the_same() -> None:
    found = agreement_with_intervals(np.array([[3.0, 0.0]] * 10), seeded_generator("s", "test", "k"))
    assert found.percent.value == 1
    assert found.ac1.value == 1
    assert found.alpha.value is None


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([[10, 0], [0, 10], [0, 0]], 0.0), ([[5, 5], [5, 5], [0, 0]], 0.5), ([[0, 0], [0, 0], [8, 9]], 1.0)],
)
def test_james_index_at_its_landmarks(counts: list[list[float]], expected: float) -> None:
    found = james_index(np.array(counts, dtype=float))
    assert found is not None
    assert found.value == pytest.approx(expected)


def test_blinding_indices_without_guesses_are_not_defined() -> None:
    empty = np.zeros((3, 2))
    assert james_index(empty) is None
    assert bang_indices(empty) == (None, None)
    assert james_index(np.array([[7.0, 0], [0, 0], [0, 0]])) is None


def test_auc_is_the_share_of_pairs_won() -> None:
    source = np.random.default_rng(1)
    first, second = source.integers(0, 12, 40).astype(float), source.integers(0, 9, 30).astype(float)
    won = np.mean([(a > b) + 0.5 * (a == b) for a in first for b in second])
    found = stratified_auc([(first, second)])
    assert found is not None
    assert found.value == pytest.approx(won)
    turned = stratified_auc([(second, first)])
    assert turned is not None
    assert turned.value == pytest.approx(1 - won)
    assert stratified_auc([(first[:1], second)]) is None


def test_auc_intervals_cover() -> None:
    source = np.random.default_rng(2)
    truth = 0.5 * (1 + math.erf(1 / 2))  # two normals a distance 1 apart
    hits = 0
    for _ in range(300):
        found = stratified_auc([(source.normal(1, 1, 60), source.normal(0, 1, 60))])
        assert found is not None
        hits += found.interval.lower <= truth <= found.interval.upper
    assert hits / 300 > 0.9


def votes(source: np.random.Generator, evaluators: int, spread: float, effect: float) -> list[JudgedCell]:
    """A crossed study in which evaluators differ in leniency and, by `spread`, in their own difference."""
    lenient, own = source.normal(0, 0.1, evaluators), source.normal(0, spread, evaluators)
    found = []
    for sign in (1, -1):
        base = 0.4 + (effect if sign > 0 else 0)
        chance = np.clip(base + lenient + sign * own / 2, 0.02, 0.98)
        hard = source.uniform(size=(60, 1)) * 0.6 + source.uniform(size=(60, evaluators)) * 0.4
        ranks = hard.argsort(axis=0).argsort(axis=0) / 60
        yes = (ranks < chance).astype(float)
        neuron, evaluator = np.indices(yes.shape)
        found.append(JudgedCell(neuron.ravel(), evaluator.ravel(), yes.ravel(), 0.0, float(sign)))
    return found


def test_the_interval_for_evaluators_like_these_needs_five() -> None:
    source = np.random.default_rng(0)
    assert difference_for_evaluators_like_these(votes(source, 4, 0.1, 0.2), 0.2, 4) is None
    assert difference_for_evaluators_like_these(votes(source, 5, 0.1, 0.2), 0.2, 5) is not None


def test_the_interval_for_evaluators_like_these_covers() -> None:
    source = np.random.default_rng(4)
    hits = 0
    for _ in range(300):
        study = votes(source, 8, 0.12, 0.2)
        difference = float(study[0].interpretable.mean() - study[1].interpretable.mean())
        found = difference_for_evaluators_like_these(study, difference, 8)
        assert found is not None
        hits += found.interval.lower <= 0.2 <= found.interval.upper
    assert hits / 300 > 0.92


def rows(neurons: int, evaluators: int = 3) -> RegressionData:
    source = np.random.default_rng(9)
    chance = source.uniform(size=2 * neurons) * np.repeat([1.0, 0.7], neurons)
    yes = (source.uniform(size=(2 * neurons, evaluators)) < chance[:, None]).astype(float)
    neuron, evaluator = np.indices(yes.shape)
    return RegressionData(
        yes.ravel(),
        (neuron.ravel() < neurons).astype(float),
        np.zeros(yes.size, int),
        evaluator.ravel(),
        neuron.ravel(),
    )


def test_the_estimating_equation_gives_the_plain_difference_and_the_sandwich() -> None:
    data = rows(60)
    found = gee_difference(data)
    assert found is not None
    means = data.interpretable.reshape(120, 3).mean(axis=1)
    assert found.value == pytest.approx(means[:60].mean() - means[60:].mean())
    sandwich = mantel_haenszel_difference(
        [StratumComparison(str(i), of(*means[:60]), of(*means[60:])) for i in range(2)]
    )
    width = sandwich.interval.width * math.sqrt(2)
    assert found.interval.width == pytest.approx(width, rel=0.02)


def test_many_neurons_take_the_fast_way_to_the_same_number(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows(40)
    slow = gee_difference(data)
    monkeypatch.setattr("app.statistics.estimating_equation.MOST_GEE_CLUSTERS", 1)
    fast = gee_difference(data)
    assert MOST_GEE_CLUSTERS > 100
    assert slow is not None
    assert fast is not None
    assert fast.value == pytest.approx(slow.value)
    assert fast.interval.width == pytest.approx(slow.interval.width, rel=1e-6)


def test_a_perfect_fit_has_no_model_based_interval() -> None:
    data = rows(10)
    assert gee_difference(replace(data, interpretable=data.in_treatment.copy())) is None


@pytest.mark.parametrize(
    ("first", "second", "evaluators", "correlation", "expected"),
    [(0.6, 0.35, 1, 0.5, 62), (0.45, 0.35, 1, 0.5, 376), (0.42, 0.33, 1, 0.5, 453), (0.6, 0.35, 3, 0.5, 41)],
)
def test_sample_sizes_of_the_planner(
    first: float, second: float, evaluators: int, correlation: float, expected: int
) -> None:
    found = neurons_needed(StudyPlan(first, second, 60, evaluators, correlation))
    assert found is not None
    assert abs(found - expected) <= 1


def test_more_neurons_more_evaluators_less_spread_are_more_power() -> None:
    plan = StudyPlan(0.5, 0.38, 60, 5, 0.5, 0.05)
    assert plan_power(replace(plan, neurons_per_cell=90)).power > plan_power(plan).power
    assert plan_power(replace(plan, evaluator_count=9)).power > plan_power(plan).power
    assert plan_power(replace(plan, evaluator_sd=0.15)).power < plan_power(plan).power
    assert plan_power(replace(plan, overlap=2)).judgment_count == 240
    assert neurons_needed(replace(plan, evaluator_sd=0.4)) is None


def test_power_agrees_with_simulation() -> None:
    source = np.random.default_rng(6)
    plan = StudyPlan(0.6, 0.4, 60, 3, 0.5)
    wins, studies = 0, 2000
    scale = 1 / plan.verdict_correlation - 1
    chances = [
        source.beta(p * scale, (1 - p) * scale, (studies, 60))
        for p in (plan.treatment_fraction, plan.reference_fraction)
    ]
    means = [source.binomial(3, one) / 3 for one in chances]
    differences = means[0].mean(axis=1) - means[1].mean(axis=1)
    errors = np.sqrt((means[0].var(axis=1, ddof=1) + means[1].var(axis=1, ddof=1)) / 60)
    wins = int((np.abs(differences) > 1.96 * errors).sum())
    assert wins / studies == pytest.approx(plan_power(plan).power, abs=0.03)
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
def test_a_plan_that_cannot_be_computed_gets_a_sentence(plan: StudyPlan) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        plan_power(plan)
