"""The interval for evaluators like these: neurons and evaluators both drawn, two-way clustered.

Cameron, Gelbach & Miller (2011, J Bus Econ Stat 29:238-249): variance = by neuron + by evaluator - by judgment.
The t distribution on evaluators - 1 stands for the few evaluators there are.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from app.statistics.proportions import CONFIDENCE_LEVEL, Estimate, Interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEWEST_EVALUATORS = 5
"""Evaluators from which on the interval is reported."""


@dataclass(frozen=True)
class CellJudgments:
    """Judgments of one arm in one stratum, and the signed Mantel-Haenszel weight of that cell."""

    neuron: Ints
    evaluator: Ints
    interpretable: Floats
    dead_count: float
    """Dead neurons that count NOT for everyone."""
    signed_weight: float
    """+w for the first arm, -w for the reference, the w of all strata adding up to 1."""


def difference_for_evaluators_like_these(
    votes: list[CellJudgments], difference: float, evaluators: int
) -> Estimate | None:
    """The difference with an interval over neurons and evaluators; None with fewer than five evaluators."""
    if evaluators < FEWEST_EVALUATORS:
        return None
    by_evaluator = np.zeros(evaluators)
    neurons = judgments = 0.0
    for one in votes:
        scores, neuron_part, judgment_part = _parts(one, evaluators)
        by_evaluator += scores
        neurons += neuron_part
        judgments += judgment_part
    spread = float(np.square(by_evaluator).sum()) * evaluators / (evaluators - 1)
    variance = max(neurons + spread - judgments, neurons)
    reach = float(stats.t.ppf((1 + CONFIDENCE_LEVEL) / 2, evaluators - 1)) * math.sqrt(variance)
    return Estimate(difference, Interval(max(-1.0, difference - reach), min(1.0, difference + reach)))


def _parts(votes: CellJudgments, evaluators: int) -> tuple[Floats, float, float]:
    """Scores by evaluator, variance by neuron and variance by judgment of one cell."""
    _, row = np.unique(votes.neuron, return_inverse=True)
    counts = np.bincount(row).astype(np.float64)
    means = np.bincount(row, weights=votes.interpretable) / counts
    neurons = counts.size + votes.dead_count
    centre = float(means.sum()) / neurons
    scores = votes.signed_weight * (votes.interpretable - centre) / (neurons * counts[row])
    by_evaluator = np.bincount(votes.evaluator, weights=scores, minlength=evaluators)
    share = np.bincount(votes.evaluator, minlength=evaluators) / votes.evaluator.size
    silent_scores = share * votes.signed_weight * centre * votes.dead_count / neurons
    squares = float(np.square(means - centre).sum()) + votes.dead_count * centre**2
    by_neuron = votes.signed_weight**2 * squares / (neurons * max(neurons - 1, 1))
    silent = votes.dead_count * float(np.square(share).sum()) * (votes.signed_weight * centre / neurons) ** 2
    return np.asarray(by_evaluator - silent_scores), by_neuron, float(np.square(scores).sum()) + silent
