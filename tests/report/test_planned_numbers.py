"""Every number that decides a result stands in the plan of the analysis, and the analysis reads it from there."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import FurtherResults, analyse
from app.report.analysis.blinding import BlindingResults
from app.report.analysis.frame import AnalysisFrame, Guess
from app.report.analysis.headline import PLAN_NOT_IN_DESIGN
from app.report.analysis.primary import PrimaryResults
from app.report.analysis.secondary import SecondaryResults
from app.report.analysis.sensitivity import SensitivityResults
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.planned_numbers import PlannedConstants, PlannedNumbers
from app.tasks.item import Item
from app.unblinding.observations import Observation
from tests.report.simulated_round import frame_for, simulate_observations
from tests.report.simulated_stimuli import simulate_items

ROOT = Path(__file__).resolve().parents[2]
NO_RESULTS = {"app/statistics/power.py", "app/report/analysis/draws.py"}
"""Modules that compute no result: one plans a round before its design, the other writes sentences about the log."""
PARTS_OF_FORMULAS = (0, 1, 2)
NOT_IN_THE_PLAN = {
    "app/report/analysis/analysis.py ANALYSIS_VERSION = 1": "the version of a file's form",
    "app/report/analysis/blinding.py 3": "three possible guesses",
    "app/report/analysis/estimates.py 1e-09": "a count that is whole up to rounding is written as an integer",
    "app/report/analysis/frame.py 30": "where a stratum without a size is sorted",
    "app/report/analysis/headline.py 0.5": "an AUC that gives nothing away, by definition",
    "app/report/analysis/headline.py NOTHING_GIVEN_AWAY = 0.5": "the same",
    "app/report/analysis/pairing.py len(cells) > 1": "a pair of models, in a sentence",
    "app/report/analysis/replicates.py 0.5": "a square root",
    "app/report/analysis/secondary.py 0.5": "the middle of a layer, in the sentence of the plan",
    "app/report/analysis/secondary.py np.unique(third_of_row).size < 2": "in the plan's sentence on depth",
    "app/report/analysis/sensitivity.py 100000": "keeps the indices of dead neurons apart",
    "app/report/analysis/stimulus_features.py 16": "the size of a cache",
    "app/report/analysis/stimulus_features.py counts <= 1": "no token but the peak is marked",
    "app/report/analysis/timing.py 0.5": "a square root",
    "app/report/analysis/timing.py 3600": "seconds of an hour",
    "app/statistics/agreement.py 3": "a column of sums",
    "app/statistics/agreement.py 4": "a column of sums",
    "app/statistics/blinding.py 0.5": "the weights that define James' index",
    "app/statistics/blinding.py JAMES_WEIGHTS = np.array([[0.0, 0.5], [0.5, 0.0]])": "they define James' index",
    "app/statistics/blinding.py 4": "the variance of James' index",
    "app/statistics/mantel_haenszel.py len(comparisons) < 2": "in the plan's sentence on heterogeneity",
    "app/statistics/neuron_sample.py self.neuron_count <= 1": "a single number has no variance",
    "app/statistics/proportions.py p >= 1": "a fraction of 1",
}
"""{file and number: why it is not in the plan}"""


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool)


def is_limit(comparison: ast.Compare) -> bool:
    is_order = any(isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for operator in comparison.ops)
    operands = (comparison.left, *comparison.comparators)
    return is_order and any(isinstance(operand, ast.Constant) and operand.value in (1, 2) for operand in operands)


def numbers_in(name: str, tree: ast.Module) -> Iterator[str]:
    """Where numbers stand: "file number" if it is no 0, 1 or 2, "file limit" if it is 1 or 2, "file constant = ..."."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and is_number(node) and node.value not in PARTS_OF_FORMULAS:
            yield f"{name} {node.value!r}"
        if isinstance(node, ast.Compare) and is_limit(node):
            yield f"{name} {ast.unparse(node)}"
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and any(is_number(node) for node in ast.walk(statement)):
            yield f"{name} {ast.unparse(statement)}"


def numbers_of_the_program() -> set[str]:
    folders = (ROOT / "app" / "report" / "analysis", ROOT / "app" / "statistics")
    paths = {path.relative_to(ROOT).as_posix(): path for folder in folders for path in folder.glob("*.py")}
    return {
        number
        for name, path in paths.items()
        if name not in NO_RESULTS
        for number in numbers_in(name, ast.parse(path.read_text(encoding="utf-8")))
    }


def test_every_number_in_the_analysis_is_in_the_plan_or_decides_nothing() -> None:
    assert numbers_of_the_program() == set(NOT_IN_THE_PLAN)


@pytest.mark.parametrize(
    "source", ["LIMIT = 2", "rows = share < 0.8", "rows = count < 2", "def read(most: int = 20) -> None: ..."]
)
def test_a_number_that_stands_outside_the_plan_is_reported(source: str) -> None:
    assert list(numbers_in("a.py", ast.parse(source)))


def attributes_read_in_the_program() -> set[str]:
    return {
        node.attr
        for path in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
    }


def test_every_number_of_the_plan_is_read_by_the_program() -> None:
    made_of_other_constants = {
        "dead_maximum",
        "dead_firing_windows",
        "faintest_strength",
        "mark_levels",
        "ranked_tokens",
    }
    planned = set(PlannedNumbers.model_fields) | set(PlannedConstants.model_fields)
    assert planned - made_of_other_constants <= attributes_read_in_the_program()


def test_every_result_has_its_sentence_in_the_plan() -> None:
    secondary = {*FurtherResults.__annotations__, *SecondaryResults.__annotations__, *PrimaryResults.__annotations__}
    names = secondary | set(SensitivityResults.__annotations__) | set(BlindingResults.__annotations__) | {"attacks"}
    groups = {"secondary", "sensitivity", "missing_judgments", "stopped_early"}
    described_above = {"treatment", "reference", "arm_order", "stratum_order", "difference", "evaluators", "judgments"}
    the_same = {"arms": "cells", "overall": "guesses", "within_counted": "guesses", "within_not": "guesses"}
    planned = {*STANDARD_PLAN.secondary, *STANDARD_PLAN.sensitivity, *STANDARD_PLAN.blinding}
    assert {the_same.get(name, name) for name in names} - groups - described_above <= planned


@pytest.fixture(scope="module")
def observations() -> list[Observation]:
    """A round with three replicates, four layers and six evaluators."""
    evaluators = ("Ash", "Birch", "Cedar", "Elder", "Fir", "Oak")
    return simulate_observations(evaluators=evaluators, strata=("1L/0", "1L/1", "1L/2"), shown=8)


@pytest.fixture(scope="module")
def frame(observations: list[Observation]) -> AnalysisFrame:
    guesses = tuple(
        Guess(observation.evaluator, True, "solu" if index % 3 else "baseline", observation.allocated.item)
        for index, observation in enumerate(observations[::5])
    )
    return frame_for(observations, guesses=guesses)


@pytest.fixture(scope="module")
def items(observations: list[Observation]) -> list[Item]:
    """The items of that round."""
    return simulate_items(observations)


def results(observations: list[Observation], frame: AnalysisFrame, items: list[Item]) -> JsonObject:
    """The analysis as JSON, without the statement of its settings."""
    content = analyse(observations, frame, items).content()
    return {name: value for name, value in content.items() if name != "methods"}


OTHER_NUMBERS = {
    "shuffles": 199,
    "bootstrap_draws": 200,
    "guess_draws": 200,
    "attack_shuffles": 199,
    "token_detector_share": 0.4,
    "fewest_evaluators": 7,
    "fewest_training_runs": 4,
    "fewest_for_drift": 50,
    "most_evaluators_in_pairs": 5,
    "most_gee_neurons": 0,
}


@pytest.mark.parametrize("name", list(PlannedNumbers.model_fields))
def test_the_analysis_reads_each_number_from_the_plan_of_its_round(
    name: str, observations: list[Observation], frame: AnalysisFrame, items: list[Item]
) -> None:
    plan = STANDARD_PLAN.model_copy(update={"numbers": PlannedNumbers.model_validate({name: OTHER_NUMBERS[name]})})
    assert results(observations, replace(frame, plan=plan), items) != results(observations, frame, items)


def test_the_settings_that_an_analysis_states_are_those_of_the_plan(frame: AnalysisFrame) -> None:
    numbers = PlannedNumbers(shuffles=199, bootstrap_draws=200)
    methods = analyse([], replace(frame, plan=STANDARD_PLAN.model_copy(update={"numbers": numbers}))).methods
    assert (methods.shuffles, methods.bootstrap_draws, methods.level) == (199, 200, 0.95)


def test_an_analysis_as_planned_has_no_note_on_the_plan(frame: AnalysisFrame) -> None:
    assert not any("design" in note for note in analyse([], frame).notes)


def test_an_analysis_that_deviates_from_the_plan_says_so_in_a_sentence_for_each_difference(
    frame: AnalysisFrame,
) -> None:
    plan = STANDARD_PLAN.model_copy(update={"estimator": "difference of medians", "unit": "the token"})
    notes = [note for note in analyse([], replace(frame, plan=plan)).notes if note.startswith("The design planned")]
    assert [note.split(":")[0] for note in notes] == ["The design planned unit", "The design planned estimator"]


def test_the_analysis_of_a_design_without_a_plan_says_so_and_is_computed_by_the_standard_plan(
    observations: list[Observation], frame: AnalysisFrame
) -> None:
    without_plan = analyse(observations, replace(frame, plan=None))
    with_plan = analyse(observations, replace(frame, plan=STANDARD_PLAN))
    assert without_plan.notes == (*with_plan.notes, PLAN_NOT_IN_DESIGN)
    assert without_plan.attacks is None
    planned = replace(without_plan, notes=with_plan.notes, attacks=(), marks_alone=with_plan.marks_alone)
    assert planned == replace(with_plan, outcome=None)
