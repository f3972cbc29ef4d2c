"""The model-based check of the difference: a generalized estimating equation (GEE), solved by statsmodels.

    verdict ~ arm + stratum + evaluator

with identity link, neurons as clusters, working independence and robust standard errors (Liang & Zeger 1986,
Biometrika 73:13-22). The arm's coefficient is a difference of fractions, to be compared with the pre-registered one.
For many neurons the equation is solved by least squares with cluster-robust errors, which gives the same number in
seconds instead of minutes.
"""

from dataclasses import dataclass

import numpy as np
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Gaussian
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.regression.linear_model import OLS

from app.foundation.arrays import Floats, Ints
from app.rounds.planned_numbers import STANDARD_NUMBERS
from app.statistics.intervals import Estimate, normal_quantile, symmetric_interval

MOST_GEE_CLUSTERS = STANDARD_NUMBERS.most_gee_neurons
"""Rounds with more neurons are solved by least squares, because statsmodels' GEE would take minutes."""


@dataclass(frozen=True)
class RegressionData:
    """One row per judgment; a dead neuron has a row of 0 for every evaluator."""

    score: Floats
    """1 for an answer that counts and 0 otherwise: [judgment]."""
    in_treatment: Floats
    """1 in the treatment arm, 0 in the reference arm: [judgment]."""
    stratum_index: Ints
    """The stratum: [judgment]."""
    evaluator_index: Ints
    """The evaluator: [judgment]."""
    neuron_index: Ints
    """The neuron: [judgment]."""


def gee_difference(regression_data: RegressionData, most_clusters: int = MOST_GEE_CLUSTERS) -> Estimate | None:
    """The arm's coefficient with its robust interval; None if the judgments do not determine them."""
    predictors = np.column_stack(
        [
            regression_data.in_treatment,
            _indicators(regression_data.stratum_index),
            _indicators(regression_data.evaluator_index)[:, 1:],
        ]
    )
    if not _is_estimable(regression_data.score, predictors):
        return None
    with np.errstate(invalid="ignore"):  # a cell without spread may leave a variance just below zero
        coefficient, standard_error = _fit_arm_coefficient(regression_data, predictors, most_clusters)
    if not np.isfinite([coefficient, standard_error]).all() or standard_error <= 0:
        return None
    return Estimate(coefficient, symmetric_interval(coefficient, normal_quantile() * standard_error))


def _is_estimable(verdicts: Floats, predictors: Floats) -> bool:
    """Whether verdicts [judgment] determine all coefficients of predictors [judgment, predictor] and leave residuals.

    A perfect fit has no residuals to make an interval of.
    """
    judgment_count, predictor_count = predictors.shape
    if judgment_count <= predictor_count or np.linalg.matrix_rank(predictors.T @ predictors) < predictor_count:
        return False
    return not np.allclose(predictors @ np.linalg.lstsq(predictors, verdicts, rcond=None)[0], verdicts)


def _fit_arm_coefficient(
    regression_data: RegressionData, predictors: Floats, most_clusters: int
) -> tuple[float, float]:
    """The arm's coefficient and its robust standard error."""
    if np.unique(regression_data.neuron_index).size <= most_clusters:
        model = GEE(
            regression_data.score,
            predictors,
            groups=regression_data.neuron_index,
            family=Gaussian(),
            cov_struct=Independence(),
        )
        fitted = model.fit()
    else:
        clusters = {"groups": regression_data.neuron_index, "use_correction": False}
        fitted = OLS(regression_data.score, predictors).fit(cov_type="cluster", cov_kwds=clusters)
    return float(fitted.params[0]), float(fitted.bse[0])


def _indicators(index: Ints) -> Floats:
    """A column of 0 and 1 for each value of an index: [judgment] -> [judgment, value]."""
    return np.asarray(index[:, None] == np.unique(index)[None, :], dtype=np.float64)
