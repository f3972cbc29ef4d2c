"""The pre-registered main numbers: fractions per arm and stratum, the difference, the ratio, heterogeneity."""

from typing import Any

import numpy as np
from statsmodels.stats.multitest import multipletests

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.samples import arm_samples, compared
from app.report.analysis.verdict_table import VerdictTable
from app.report.number_text import estimated, limits, number
from app.statistics.mantel_haenszel import (
    StratumComparison,
    cochran_q_test,
    mantel_haenszel_difference,
    mantel_haenszel_ratio,
)
from app.statistics.neuron_sample import NeuronSample, merge_samples
from app.statistics.resampling import bootstrap_fractions, percentile_interval, permutation_p_value


def fractions(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """Each arm's fraction over its strata; None where nobody judged it."""
    return {arm: _arm(table, frame, arm) for arm in frame.arms}


def cells(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """Each arm's fraction in each stratum."""
    return [
        {"arm": arm, "stratum": stratum, **_described(one)}
        for arm in frame.arms
        for stratum, one in arm_samples(table, frame, arm)
    ]


def contrast(
    table: VerdictTable, frame: AnalysisFrame, first: str, second: str, *, dead: bool = True
) -> dict[str, Any]:
    """The pooled difference between two arms with its interval and permutation p."""
    strata = compared(table, frame, first, second, dead=dead)
    named = {"treatment": first, "reference": second}
    if not strata:
        return named | {"estimate": None, "interval": None, "p": None, "method": None, "neurons": 0, "strata": 0}
    neurons = sum(one.treatment_sample.neuron_count + one.reference_sample.neuron_count for one in strata)
    method = "square-and-add of the two intervals" if len(strata) == 1 else "Mantel-Haenszel, stratified sandwich"
    return (
        named
        | estimated(mantel_haenszel_difference(strata))
        | {"p": permutation_p_value(strata, frame.seed), "method": method, "neurons": neurons, "strata": len(strata)}
    )


def ratio(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The pooled ratio with a bootstrap interval; a limit that does not exist makes the interval None."""
    strata = compared(table, frame, frame.treatment, frame.reference)
    if not strata or mantel_haenszel_ratio(strata) is None:
        return {"estimate": None, "interval": None}
    above = sum(one.weight * bootstrap_fractions(one.treatment_sample, frame.seed) for one in strata)
    below = sum(one.weight * bootstrap_fractions(one.reference_sample, frame.seed) for one in strata)
    with np.errstate(divide="ignore", invalid="ignore"):
        draws = np.asarray(above) / np.asarray(below)
    draws = np.where(np.isnan(draws), np.inf, draws)
    return {"estimate": number(mantel_haenszel_ratio(strata)), "interval": limits(percentile_interval(draws))}


def by_stratum(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """The difference in each stratum; p from shuffling, Holm's beside it."""
    strata = compared(table, frame, frame.treatment, frame.reference)
    if not strata:
        return []
    raw = [permutation_p_value([one], frame.seed) for one in strata]
    adjusted = multipletests(raw, method="holm")[1]
    return [
        {
            "stratum": one.name,
            **estimated(one.estimate_difference()),
            "p": p,
            "p_holm": float(holm),
            "neurons": _neurons(one),
        }
        for one, p, holm in zip(strata, raw, adjusted, strict=True)
    ]


def spread_of_strata(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any] | None:
    """Cochran's Q over the strata; None for a single one."""
    found = cochran_q_test(compared(table, frame, frame.treatment, frame.reference))
    return (
        None
        if found is None
        else {"q": number(found.q), "degrees": found.degrees_of_freedom, "p": number(found.p_value)}
    )


def _arm(table: VerdictTable, frame: AnalysisFrame, arm: str) -> dict[str, Any]:
    samples = tuple(one for _, one in arm_samples(table, frame, arm))
    drawn = [one for one in frame.cells if one.arm == arm]
    counts = {"drawn": sum(one.drawn for one in drawn), "dead": sum(one.dead for one in drawn)}
    if not samples:
        nothing = {"n": 0, "interpretable": 0, "fraction": None, "interval": None, "effective_n": None, "judgments": 0}
        return nothing | counts
    return _described(merge_samples(samples)) | {"judgments": table.of(arm).rows} | counts


def _described(sample: NeuronSample) -> dict[str, Any]:
    estimate = sample.estimate_fraction()
    neurons = sample.neuron_count
    return {
        "n": _whole(neurons),
        "interpretable": _whole(estimate.value * neurons),
        "fraction": number(estimate.value),
        "interval": limits(estimate.interval),
        "effective_n": number(sample.effective_n),
        "judgments": _whole(sample.judgment_count - sum(strip.dead_count for strip in sample.substrata)),
    }


def _neurons(stratum: StratumComparison) -> float:
    return _whole(stratum.treatment_sample.neuron_count + stratum.reference_sample.neuron_count)


def _whole(value: float) -> float | int:
    """A count as an integer if it is one up to rounding errors."""
    return round(value) if abs(value - round(value)) < 1e-9 else value
