"""The pre-registered analysis, run by unblinding itself: observations and a frame in, one frozen value out.

`analyse` is a pure function. The same observations and frame give the same numbers on any machine up to rounding of
floating-point numbers, which is what `firstglance verify` checks.

An `Analysis` is analysis.json: the keys of the JSON are the names of the fields, in the same order. A class that has
several bases begins with the fields of the last one. What an older version stored must stay readable, so a field that
is added needs a default.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from pydantic import TypeAdapter

from app.foundation.json_types import JsonObject, JsonValue
from app.report.analysis.agreement import AgreementResults, agreement_results
from app.report.analysis.blinding import BlindingResults, blinding_results
from app.report.analysis.controls import ControlResults, control_results
from app.report.analysis.flow import ArmFlow, flow_by_arm
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.giveaways import StimulusAuc, TransportResults, stimulus_aucs, transport_results
from app.report.analysis.headline import Statements, state_results
from app.report.analysis.people import (
    EvaluatorResult,
    EvaluatorsLikeThese,
    ExclusionResults,
    ExposureResults,
    evaluator_results,
    evaluators_like_these,
    exclusion_results,
    exposure_results,
)
from app.report.analysis.primary import PrimaryResults, primary_results
from app.report.analysis.replicates import TrainingRuns, training_runs_by_size
from app.report.analysis.secondary import SecondaryResults, secondary_results
from app.report.analysis.sensitivity import ModelCheck, SensitivityResults, check_by_model, sensitivity_results
from app.report.analysis.timing import DriftResults, TimeResults, drift_results, time_results
from app.report.analysis.verdict_table import VerdictTable, tabulate_verdicts
from app.statistics.intervals import CONFIDENCE_LEVEL
from app.statistics.resampling import BOOTSTRAP_DRAWS, PERMUTATIONS
from app.unblinding.observations import Observation

VERSION = 1


@dataclass(frozen=True)
class AnalysisVersion:
    """The version of the analysis: another one may make other numbers of the same observations."""

    version: int


@dataclass(frozen=True)
class FurtherResults:
    """Everything that the design names beside the primary question."""

    per_evaluator: tuple[EvaluatorResult, ...]
    evaluators_like_these: EvaluatorsLikeThese
    exposure: ExposureResults
    exclusions: ExclusionResults
    secondary: SecondaryResults
    training_runs: tuple[TrainingRuns, ...]
    sensitivity: SensitivityResults
    model_check: ModelCheck
    agreement: AgreementResults
    controls: ControlResults
    drift: DriftResults
    time: TimeResults


@dataclass(frozen=True)
class BlindResults:
    """Whether the blind held."""

    blinding: BlindingResults
    stimulus: tuple[StimulusAuc, ...]
    transport: TransportResults | None
    """None if the round was sealed without an audit."""
    marks: str
    blind_broken: bool


@dataclass(frozen=True)
class NumberSources:
    """What the numbers were made with."""

    seed: str
    shuffles: int
    bootstrap_draws: int
    level: float
    generator: str
    libraries: dict[str, str]
    """{library: version}"""


@dataclass(frozen=True)
class Analysis(BlindResults, FurtherResults, PrimaryResults, Statements, AnalysisVersion):
    """The whole analysis of a round; None, with a sentence in `notes`, where something cannot be said."""

    flow: tuple[ArmFlow, ...]
    methods: NumberSources

    def content(self) -> JsonObject:
        """The analysis as plain JSON values."""
        content: JsonObject = _ANALYSIS.dump_python(self, mode="json")
        return content


_ANALYSIS = TypeAdapter(Analysis)


def read_analysis(content: JsonValue) -> Analysis:
    """The analysis back from its JSON values. Raises ValueError if they are of another form."""
    return _ANALYSIS.validate_python(content)


def analyse(observations: Sequence[Observation], frame: AnalysisFrame) -> Analysis:
    """The whole analysis of a round.

    Args:
        observations: final verdicts, one per evaluator and item, controls and repeats included.
        frame: counts of the draw and the plan.
    """
    neurons = [observation for observation in observations if observation.allocated.kind == "neuron"]
    table = tabulate_verdicts(neurons)
    primary = primary_results(table, frame)
    blind = _blind_results(neurons, frame)
    return Analysis(
        version=VERSION,
        **vars(state_results(primary, blind.stimulus, blind.transport, frame)),
        **vars(primary),
        **vars(_further_results(table, observations, frame)),
        **vars(blind),
        flow=flow_by_arm(table, frame),
        methods=_number_sources(frame),
    )


def _further_results(table: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame) -> FurtherResults:
    return FurtherResults(
        per_evaluator=evaluator_results(table, frame),
        evaluators_like_these=evaluators_like_these(table, frame),
        exposure=exposure_results(table, frame),
        exclusions=exclusion_results(table, observations, frame),
        secondary=secondary_results(table, frame),
        training_runs=training_runs_by_size(table, frame),
        sensitivity=sensitivity_results(table, frame),
        model_check=check_by_model(table, frame),
        agreement=agreement_results(table, observations, frame),
        controls=control_results(observations),
        drift=drift_results(table),
        time=time_results(table, frame),
    )


def _blind_results(neurons: Sequence[Observation], frame: AnalysisFrame) -> BlindResults:
    return BlindResults(
        blinding=blinding_results(neurons, frame),
        stimulus=stimulus_aucs(neurons, frame),
        transport=transport_results(frame),
        marks=frame.marks,
        blind_broken=frame.blind_broken,
    )


def _number_sources(frame: AnalysisFrame) -> NumberSources:
    return NumberSources(
        seed=frame.seed,
        shuffles=PERMUTATIONS,
        bootstrap_draws=BOOTSTRAP_DRAWS,
        level=CONFIDENCE_LEVEL,
        generator="numpy PCG64, seeded by SHA-256 of seed, purpose and item codes",
        libraries={name: version(name) for name in ("numpy", "scipy", "statsmodels")},
    )
