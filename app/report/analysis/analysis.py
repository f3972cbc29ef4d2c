"""The pre-registered analysis, run by unblinding itself: observations and a frame in, plain JSON out.

`analyse` is a pure function. The same observations and frame give the same JSON on any machine up to rounding of
floating-point numbers, which is what `firstglance verify` checks.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from app.report.analysis.blinding import blinding, given_away, transport
from app.report.analysis.evaluators import per_evaluator
from app.report.analysis.flow import flow
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.headline import headline, marks_alone, notes, wire_alone
from app.report.analysis.people import exclusions, exposure, like_these
from app.report.analysis.primary import by_stratum, cells, contrast, fractions, ratio, spread_of_strata
from app.report.analysis.quality import agreements, controls, drift, times
from app.report.analysis.replicates import training_runs
from app.report.analysis.secondary import secondary
from app.report.analysis.sensitivity import model_check, sensitivity
from app.report.analysis.verdict_table import VerdictTable, tabulate
from app.statistics.resampling import BOOTSTRAP_DRAWS, PERMUTATIONS
from app.unblinding.observations import Observation

VERSION = 1


def analyse(observations: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """The whole analysis of a round.

    Args:
        observations: final verdicts, one per evaluator and item, controls and repeats included.
        frame: counts of the draw and the plan.

    Returns:
        Plain JSON values; None, with a sentence in `notes`, where something cannot be said.
    """
    neurons = [one for one in observations if one.allocated.kind == "neuron"]
    counted = tabulate(neurons)
    analysis = _main(counted, frame) | _beside(counted, observations, frame)
    analysis |= _blind(neurons, frame) | {"flow": flow(counted, frame), "methods": _methods(frame)}
    said = {
        "headline": headline(analysis, frame),
        "marks_alone": marks_alone(analysis),
        "wire_alone": wire_alone(analysis),
    }
    return {"version": VERSION} | said | {"notes": notes(analysis, frame)} | analysis


def _main(table: VerdictTable, frame: AnalysisFrame) -> dict[str, Any]:
    """The primary question."""
    return {
        "treatment": frame.treatment,
        "reference": frame.reference,
        "arm_order": frame.arms,
        "stratum_order": frame.strata,
        "arms": fractions(table, frame),
        "cells": cells(table, frame),
        "difference": contrast(table, frame, frame.treatment, frame.reference),
        "ratio": ratio(table, frame),
        "strata": by_stratum(table, frame),
        "heterogeneity": spread_of_strata(table, frame),
        "evaluators": len(table.evaluators),
        "judgments": table.rows,
    }


def _beside(table: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """Everything that the design names beside the primary question."""
    return {
        "per_evaluator": per_evaluator(table, frame),
        "evaluators_like_these": like_these(table, frame),
        "exposure": exposure(table, frame),
        "exclusions": exclusions(table, observations, frame),
        "secondary": secondary(table, frame),
        "training_runs": training_runs(table, frame),
        "sensitivity": sensitivity(table, frame),
        "model_check": model_check(table, frame),
        "agreement": agreements(table, observations, frame),
        "controls": controls(observations),
        "drift": drift(table),
        "time": times(table, frame),
    }


def _blind(neurons: Sequence[Observation], frame: AnalysisFrame) -> dict[str, Any]:
    """Whether the blind held."""
    return {
        "blinding": blinding(neurons, frame),
        "stimulus": given_away(neurons, frame),
        "transport": transport(frame),
        "marks": frame.marks,
        "blind_broken": frame.blind_broken,
    }


def _methods(frame: AnalysisFrame) -> dict[str, Any]:
    return {
        "seed": frame.seed,
        "shuffles": PERMUTATIONS,
        "bootstrap_draws": BOOTSTRAP_DRAWS,
        "level": 0.95,
        "generator": "numpy PCG64, seeded by SHA-256 of seed, purpose and item codes",
        "libraries": {name: version(name) for name in ("numpy", "scipy", "statsmodels")},
    }
