"""Which results of the analysis plan a report does not have, and why. Pure."""

from collections.abc import Iterable

from app.report.charts.chart import Chart
from app.report.result_tables import ResultTable
from app.rounds.analysis_plan import BLINDING, SECONDARY, SENSITIVITY
from app.rounds.unit_words import UnitWords

ABSENT_HEADING = "Results that this round does not have"
NO_COMPARISON = "the two arms of the primary comparison cannot be compared"
PATHS = {
    "not_token_detectors": "secondary.not_token_detectors",
    "live_only": "secondary.live_only",
    "depth": "secondary.depth",
    "contrasts": "secondary.contrasts",
    "leniency": "agreement.leniency",
    "missing_for_treatment": "sensitivity.missing_for_treatment",
    "missing_for_reference": "sensitivity.missing_for_reference",
    "majority": "sensitivity.majority",
    "guesses": "blinding.overall",
    "sorting": "blinding.sorting",
}
"""{result of the plan: where analysis.json has it}, where that is not its own name."""
REASONS = {
    "strata": "fewer than two strata have judgments of both arms",
    "ratio": "the reference arm has no judged neuron, or none on which an answer counts",
    "heterogeneity": "fewer than two strata have judgments of both arms",
    "cells": "nobody judged a neuron",
    "per_evaluator": "no evaluator judged neurons of both arms",
    "evaluators_like_these": "too few evaluators judged",
    "exposure": "neither the exposed nor the naive evaluators judged neurons of both arms",
    "exclusions": "the design has no rule that excludes an evaluator",
    "not_token_detectors": "of an arm no neuron was judged that is no token detector",
    "live_only": "of an arm no neuron was judged",
    "depth": "the judged neurons lie in one part of the layers",
    "contrasts": "there is no further arm, or nobody judged its neurons",
    "training_runs": "no size has enough training runs",
    "agreement": "no neuron was judged by two evaluators, and no repeat twice by one",
    "leniency": "nobody judged a neuron",
    "controls": "nobody judged a planted item or one of known purity",
    "drift": "nobody judged neurons in two parts of their order",
    "time": "nobody judged a neuron",
    "missing_for_treatment": NO_COMPARISON,
    "missing_for_reference": NO_COMPARISON,
    "majority": NO_COMPARISON,
    "model_check": "the estimating equation has no solution for these judgments, or there are too many neurons for it",
    "stimulus": "nobody judged neurons of both arms",
    "attacks": "no stratum has two judged neurons of either arm",
    "transport": "no leak audit was run before the seal, or it had nothing to tell the arms apart by",
    "guesses": "nobody guessed the model of an item",
    "sorting": "nobody sorted items into piles",
}
"""{result of the plan: why a report may lack it}"""


def absent_results(charts: Iterable[Chart], further_tables: Iterable[ResultTable], unit_words: UnitWords) -> list[str]:
    """A sentence for each result of the plan of which these charts and tables of a report show no number."""
    paths = [path for chart in charts for path in chart.row_paths]
    paths += [path for table in further_tables for path in table.row_paths]
    prefixes = {prefix for path in paths for prefix in _prefixes(path)}
    planned = [*SECONDARY, *SENSITIVITY, *BLINDING]
    return [f"{name}: {unit_words.say(REASONS[name])}." for name in planned if PATHS.get(name, name) not in prefixes]


def _prefixes(path: str) -> list[str]:
    """The path and every path that leads to it."""
    parts = path.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
