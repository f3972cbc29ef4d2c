"""The pre-registered analysis, run by unblinding itself: observations and a frame in, plain JSON out.

`analyse` is a pure function. The same observations and frame give the same JSON on any machine up to rounding of
floating-point numbers, which is what `firstglance verify` checks.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

import numpy as np

from app.judging.observation import Observation
from app.report.evaluators import per_evaluator
from app.report.flow import flow
from app.report.frame import Frame
from app.report.headline import headline, notes
from app.report.primary import by_stratum, cells, contrast, fractions, ratio, spread_of_strata
from app.report.table import Table, tabulate
from app.statistics.resampling import DRAWS, SHUFFLES

VERSION = 1


def analyse(observations: Sequence[Observation], frame: Frame) -> dict[str, Any]:
    """The whole analysis of a round.

    Args:
        observations: final verdicts, one per evaluator and item, controls and repeats included.
        frame: counts of the draw and the plan.

    Returns:
        Plain JSON values; None, with a sentence in `notes`, where something cannot be said.
    """
    counted = tabulate([one for one in observations if one.allocated.kind == "neuron"])
    analysis = _main(counted, frame)
    analysis["flow"] = flow(counted, frame)
    analysis["methods"] = _methods(frame)
    return {"version": VERSION, "headline": headline(analysis, frame), "notes": notes(analysis, frame)} | analysis


def _main(table: Table, frame: Frame) -> dict[str, Any]:
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
        "per_evaluator": per_evaluator(table, frame),
        "evaluators": len(table.evaluators),
        "judgments": table.rows,
    }


def _methods(frame: Frame) -> dict[str, Any]:
    return {
        "seed": frame.seed,
        "shuffles": SHUFFLES,
        "bootstrap_draws": DRAWS,
        "level": 0.95,
        "generator": "numpy PCG64, seeded by SHA-256 of seed, purpose and item codes",
        "libraries": {name: version(name) for name in ("numpy", "scipy", "statsmodels")},
        "numpy_generator": type(np.random.default_rng(0).bit_generator).__name__,
    }
