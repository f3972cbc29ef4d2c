"""How large a round must be: power, width of the interval and labour of a plan.

The normal approximation of R's power.prop.test, for expected fractions p1 and p0 of n neurons per arm over all strata:

    power = Phi((|p1 - p0| - z sigma_0) / sigma_1)
    sigma_1² = (p1 (1 - p1) + p0 (1 - p0)) D / n + tau² / E
    sigma_0² = sigma_1² with p1 and p0 both replaced by their mean
    D = (1 + (m - 1) rho) / m

D is the design effect of m judgments per neuron whose verdicts correlate by rho (Kish 1965, Survey Sampling,
chapter 5). tau is the standard deviation of the E evaluators' own differences. If it is above 0, the power holds for
evaluators like these, not only for these, and z is Student's t with E - 1 degrees of freedom.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

from scipy import stats

MOST_NEURONS = 1_000_000
LARGEST_SHARE_SEARCHED = 0.999
"""Detectable differences are searched up to this share of the way from the reference fraction to 1."""
DIFFERENCE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class StudyPlan:
    """A round that is being planned."""

    treatment_fraction: float
    """p1, the fraction expected in the treatment arm."""
    reference_fraction: float
    """p0, the fraction expected in the reference arm."""
    neurons_per_cell: int
    """Per arm and stratum."""
    evaluator_count: int = 1
    """E."""
    verdict_correlation: float = 0.5
    """rho, between two evaluators' verdicts on one neuron."""
    evaluator_sd: float = 0.0
    """tau, the standard deviation of the evaluators' own differences."""
    overlap: int | None = None
    """Judgments per neuron; None if every evaluator judges every neuron."""
    stratum_count: int = 1
    alpha: float = 0.05
    """Two-sided significance level."""
    minutes_per_judgment: float = 1.5

    @property
    def judgments_per_neuron(self) -> int:
        """m: the overlap, but at most the number of evaluators."""
        return self.evaluator_count if self.overlap is None else min(self.overlap, self.evaluator_count)

    def problem(self) -> str | None:
        """A sentence on why the plan cannot be computed; None if it can."""
        if not (0 < self.treatment_fraction < 1 and 0 < self.reference_fraction < 1):
            return "Fractions lie between 0 and 1, both excluded; for 35 % write 0.35."
        smallest_count = min(self.evaluator_count, self.stratum_count, self.judgments_per_neuron)
        if self.neurons_per_cell < 2 or smallest_count < 1:
            return "A round needs at least 2 units per arm, 1 evaluator, 1 stratum and 1 judgment per unit."
        if max(self.neurons_per_cell, self.evaluator_count, self.stratum_count, self.overlap or 0) > MOST_NEURONS:
            return f"A plan has at most {MOST_NEURONS:,} units, evaluators, strata and judgments per unit."
        if not (0 <= self.verdict_correlation <= 1 and 0 <= self.evaluator_sd <= 1 and 0 < self.alpha < 1):
            return "The correlation, the spread and alpha lie between 0 and 1."
        if self.evaluator_sd > 0 and self.evaluator_count < 2:
            return "A plan with a spread between evaluators needs at least two evaluators."
        return None


@dataclass(frozen=True)
class PlanPower:
    """What a plan can show, and what it costs."""

    power: float
    half_width: float
    """Half the width of the difference's interval, as a fraction."""
    judgment_count: int
    hours: float


@lru_cache(maxsize=1024)
def plan_power(plan: StudyPlan) -> PlanPower:
    """The power of the two-sided test, the width of the interval and the labour of a plan.

    Raises:
        ValueError: the plan cannot be computed; the message is `plan.problem()`.
    """
    problem = plan.problem()
    if problem:
        raise ValueError(problem)
    p1, p0 = plan.treatment_fraction, plan.reference_fraction
    mean = (p1 + p0) / 2
    z, sigma_0, sigma_1 = _critical_value(plan), _standard_error(plan, mean, mean), _standard_error(plan, p1, p0)
    power = float(stats.norm.cdf((abs(p1 - p0) - z * sigma_0) / sigma_1))
    judgment_count = 2 * plan.stratum_count * plan.neurons_per_cell * plan.judgments_per_neuron
    return PlanPower(power, z * sigma_1, judgment_count, judgment_count * plan.minutes_per_judgment / 60)


def neurons_needed(plan: StudyPlan, target_power: float = 0.8) -> int | None:
    """The fewest neurons per arm and stratum with which the plan reaches a power; None if no number does.

    Raises:
        ValueError: the plan cannot be computed.
    """

    def is_reached(neuron_count: int) -> bool:
        return plan_power(replace(plan, neurons_per_cell=neuron_count)).power >= target_power

    if not is_reached(MOST_NEURONS):
        return None
    low, high = 2, MOST_NEURONS
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_reached(middle) else (middle + 1, high)
    return low


def detectable_difference(plan: StudyPlan, target_power: float = 0.8) -> float | None:
    """The smallest difference above the plan's reference fraction that it finds with a power; None if none is found.

    The plan's treatment fraction is not used.

    Raises:
        ValueError: the plan cannot be computed.
    """

    def power_at(true_difference: float) -> float:
        return plan_power(replace(plan, treatment_fraction=plan.reference_fraction + true_difference)).power

    low, high = 0.0, (1 - plan.reference_fraction) * LARGEST_SHARE_SEARCHED
    if power_at(high) < target_power:
        return None
    while high - low > DIFFERENCE_TOLERANCE:
        middle = (low + high) / 2
        low, high = (low, middle) if power_at(middle) >= target_power else (middle, high)
    return high


def _critical_value(plan: StudyPlan) -> float:
    """z, or Student's t if the evaluators are a sample."""
    probability = 1 - plan.alpha / 2
    if plan.evaluator_sd > 0:
        return float(stats.t.ppf(probability, plan.evaluator_count - 1))
    return float(stats.norm.ppf(probability))


def _standard_error(plan: StudyPlan, p1: float, p0: float) -> float:
    """The standard error sigma of the difference between the fractions p1 and p0."""
    m, n = plan.judgments_per_neuron, plan.neurons_per_cell * plan.stratum_count
    design_effect = (1 + (m - 1) * plan.verdict_correlation) / m
    variances = p1 * (1 - p1) + p0 * (1 - p0)
    return math.sqrt(variances * design_effect / n + plan.evaluator_sd**2 / plan.evaluator_count)
