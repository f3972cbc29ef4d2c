"""The interval for evaluators like these, for which neurons and evaluators are both samples.

Variance with two ways of clustering (Cameron, Gelbach & Miller 2011, J Bus Econ Stat 29:238-249):

    variance = V_neuron + V_evaluator - V_judgment, and at least V_neuron

A cell is one arm in one stratum. It enters the pooled difference with the signed weight w and the mean m over its N
neurons, dead ones included. A verdict y on a neuron with k judgments has the score

    u = w (y - m) / (N k)

V_evaluator is E / (E - 1) times the sum of squares of the E evaluators' summed scores. V_judgment is the sum of squares
of all scores. V_neuron is the sum over cells of w² s² / N, with the sample variance s² of the neurons' mean verdicts.
Dead neurons count as 0 for every evaluator: their scores are divided among the evaluators in proportion
to their judgments in the cell. Student's t with E - 1 degrees of freedom replaces the normal distribution, because
evaluators are few.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from app.foundation.arrays import Floats, Ints
from app.rounds.planned_numbers import STANDARD_NUMBERS
from app.statistics.intervals import Estimate, student_quantile, symmetric_interval

FEWEST_EVALUATORS = STANDARD_NUMBERS.fewest_evaluators
"""With fewer evaluators there is no interval."""


@dataclass(frozen=True)
class JudgedCell:
    """The judgments of one arm in one stratum, and the weight of that cell in the pooled difference."""

    neuron_index: Ints
    """The neuron that is judged: [judgment]."""
    evaluator_index: Ints
    """The evaluator who judges: [judgment]."""
    score: Floats
    """1 for an answer that counts and 0 otherwise: [judgment]."""
    dead_count: float
    """Dead neurons of the cell, which count as 0 for everyone."""
    signed_weight: float
    """+w for the treatment arm and -w for the reference arm, the w of all strata adding up to 1."""


class _VarianceParts(NamedTuple):
    """What one cell contributes to the variance."""

    evaluator_scores: Floats
    """Summed scores: [evaluator]."""
    neuron_variance: float
    judgment_variance: float


def difference_for_evaluators_like_these(
    judged_cells: Sequence[JudgedCell], point_estimate: float, evaluator_count: int, fewest: int = FEWEST_EVALUATORS
) -> Estimate | None:
    """The pooled difference `point_estimate` with an interval over neurons and evaluators.

    None with fewer evaluators than `fewest`.
    """
    if evaluator_count < fewest:
        return None
    evaluator_scores = np.zeros(evaluator_count)
    neuron_variance = judgment_variance = 0.0
    for judged_cell in judged_cells:
        parts = _variance_parts(judged_cell, evaluator_count)
        evaluator_scores += parts.evaluator_scores
        neuron_variance += parts.neuron_variance
        judgment_variance += parts.judgment_variance
    evaluator_variance = float(np.square(evaluator_scores).sum()) * evaluator_count / (evaluator_count - 1)
    variance = max(neuron_variance + evaluator_variance - judgment_variance, neuron_variance)
    half_width = student_quantile(evaluator_count - 1) * math.sqrt(variance)
    return Estimate(point_estimate, symmetric_interval(point_estimate, half_width, -1.0, 1.0))


def _variance_parts(judged_cell: JudgedCell, evaluator_count: int) -> _VarianceParts:
    w, dead_count = judged_cell.signed_weight, judged_cell.dead_count
    _, row = np.unique(judged_cell.neuron_index, return_inverse=True)
    judgments_per_neuron = np.bincount(row).astype(np.float64)
    neuron_means = np.bincount(row, weights=judged_cell.score) / judgments_per_neuron
    neuron_count = judgments_per_neuron.size + dead_count
    mean = float(neuron_means.sum()) / neuron_count

    scores = w * (judged_cell.score - mean) / (neuron_count * judgments_per_neuron[row])
    share = np.bincount(judged_cell.evaluator_index, minlength=evaluator_count) / judged_cell.evaluator_index.size
    dead_scores = share * w * mean * dead_count / neuron_count
    evaluator_scores = np.bincount(judged_cell.evaluator_index, weights=scores, minlength=evaluator_count) - dead_scores

    squares = float(np.square(neuron_means - mean).sum()) + dead_count * mean**2
    neuron_variance = w**2 * squares / (neuron_count * max(neuron_count - 1, 1))
    dead_squares = dead_count * float(np.square(share).sum()) * (w * mean / neuron_count) ** 2
    judgment_variance = float(np.square(scores).sum()) + dead_squares
    return _VarianceParts(np.asarray(evaluator_scores), neuron_variance, judgment_variance)
