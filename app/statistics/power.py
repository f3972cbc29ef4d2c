"""How large a round must be: power and interval width for neurons, evaluators and the agreement between them.

The normal approximation of R's power.prop.test, with the variance of a fraction multiplied by the design effect
(1 + (m - 1) rho) / m of m judgments per neuron that correlate by rho. If evaluators differ in their own differences by
a standard deviation, that variance over the number of evaluators is added and Student's t stands in for the normal:
the power then holds for evaluators like these, not only for these.
"""

import math
from dataclasses import dataclass, replace

from scipy import stats

MOST_NEURONS = 1_000_000


@dataclass(frozen=True)
class StudyPlan:
    """A round that is being thought about."""

    treatment_fraction: float
    """The fraction expected in the treatment arm."""
    reference_fraction: float
    """The fraction expected in the reference arm."""
    neurons_per_cell: int
    """Per arm and stratum."""
    evaluator_count: int = 1
    verdict_correlation: float = 0.5
    """Between two evaluators' verdicts on one neuron."""
    evaluator_sd: float = 0.0
    """Standard deviation of evaluators' own differences."""
    overlap: int | None = None
    """Judgments per neuron; None if everyone judges every neuron."""
    stratum_count: int = 1
    alpha: float = 0.05
    minutes_per_judgment: float = 1.5
    """Per judgment."""

    @property
    def judgments_per_neuron(self) -> int:
        """Overlap, at most the number of evaluators."""
        return self.evaluator_count if self.overlap is None else min(self.overlap, self.evaluator_count)

    def problem(self) -> str | None:
        """Why the plan cannot be computed, as a sentence; None if it can."""
        if not (0 < self.treatment_fraction < 1 and 0 < self.reference_fraction < 1):
            return "Fractions lie between 0 and 1, both excluded; for 35 % write 0.35."
        if (
            self.neurons_per_cell < 2
            or self.evaluator_count < 1
            or self.stratum_count < 1
            or self.judgments_per_neuron < 1
        ):
            return "A round needs at least 2 neurons per arm, 1 evaluator, 1 stratum and 1 judgment per neuron."
        if not (0 <= self.verdict_correlation <= 1 and 0 <= self.evaluator_sd <= 1 and 0 < self.alpha < 1):
            return "The correlation, the spread and alpha lie between 0 and 1."
        if self.evaluator_sd > 0 and self.evaluator_count < 2:
            return "A spread between evaluators needs at least two evaluators."
        return None


@dataclass(frozen=True)
class PlanPower:
    """What a plan can show, and what it costs."""

    power: float
    half_width: float
    """Half the width of the 95 % interval of the difference, as a fraction."""
    judgment_count: int
    hours: float


def plan_power(plan: StudyPlan) -> PlanPower:
    """Power of the two-sided test, interval width and labour of a plan. Raises ValueError with a sentence."""
    problem = plan.problem()
    if problem:
        raise ValueError(problem)
    critical, error_null, error = _critical(plan), _error(plan, pooled=True), _error(plan, pooled=False)
    reached = float(
        stats.norm.cdf((abs(plan.treatment_fraction - plan.reference_fraction) - critical * error_null) / error)
    )
    judgments = 2 * plan.stratum_count * plan.neurons_per_cell * plan.judgments_per_neuron
    return PlanPower(reached, critical * error, judgments, judgments * plan.minutes_per_judgment / 60)


def neurons_needed(plan: StudyPlan, wanted: float = 0.8) -> int | None:
    """The fewest neurons per arm and stratum that reach the power; None if no number does."""
    if plan_power(replace(plan, neurons_per_cell=MOST_NEURONS)).power < wanted:
        return None
    low, high = 2, MOST_NEURONS
    while low < high:
        middle = (low + high) // 2
        low, high = (
            (low, middle) if plan_power(replace(plan, neurons_per_cell=middle)).power >= wanted else (middle + 1, high)
        )
    return low


def _critical(plan: StudyPlan) -> float:
    quantile = 1 - plan.alpha / 2
    if plan.evaluator_sd > 0:
        return float(stats.t.ppf(quantile, plan.evaluator_count - 1))
    return float(stats.norm.ppf(quantile))


def _error(plan: StudyPlan, *, pooled: bool) -> float:
    """Standard error of the difference, under no effect (pooled fraction) or as expected."""
    middle = (plan.treatment_fraction + plan.reference_fraction) / 2
    each = [middle, middle] if pooled else [plan.treatment_fraction, plan.reference_fraction]
    per_neuron = sum(one * (1 - one) for one in each)
    times = plan.judgments_per_neuron
    inflation = (1 + (times - 1) * plan.verdict_correlation) / times
    return math.sqrt(
        per_neuron * inflation / (plan.neurons_per_cell * plan.stratum_count)
        + plan.evaluator_sd**2 / plan.evaluator_count
    )
