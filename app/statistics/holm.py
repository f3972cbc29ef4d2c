"""Holm's adjustment of several p-values (1979, Scand J Stat 6:65-70).

It is written here because the one of statsmodels collects the garbage of the whole process at every call, which took a
fifth of an analysis, and longer the more a server holds.
"""

from collections.abc import Sequence

import numpy as np


def holm_adjusted(p_values: Sequence[float]) -> list[float]:
    """Each p-value times the number of those that are not smaller, never less than a smaller one's, and at most 1."""
    order = np.argsort(p_values, kind="stable")
    scaled = np.asarray(p_values, np.float64)[order] * np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1)
    return [float(p_value) for p_value in adjusted]
