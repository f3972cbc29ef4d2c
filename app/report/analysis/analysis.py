"""The pre-registered analysis, which unblinding runs: from observations and a frame to one frozen value.

`analyse` is a pure function. The same observations and frame give the same numbers on any machine up to rounding of
floating-point numbers, which is what `firstglance verify` checks.

An `Analysis` is analysis.json: the keys of the JSON are the names of the fields, or their aliases, in the same order.
A class that has several bases begins with the fields of the last one. What an older version stored must stay
readable, so a field that is added needs a default.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

from pydantic import TypeAdapter

from app.foundation.json_types import JsonObject, JsonValue
from app.report.analysis.agreement import AgreementResults, agreement_results
from app.report.analysis.blinding import BlindingResults, blinding_results
from app.report.analysis.controls import ControlResults, control_results
from app.report.analysis.draws import DrawResults, draw_results
from app.report.analysis.flow import ArmFlow, flow_by_arm
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.giveaways import StimulusAuc, TransportResults, stimulus_aucs, transport_results
from app.report.analysis.headline import HeadlineSentences, headline_sentences
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
from app.report.analysis.released_names import in_released_names
from app.report.analysis.replicates import TrainingRuns, training_runs_by_size
from app.report.analysis.secondary import SecondaryResults, secondary_results
from app.report.analysis.sensitivity import ModelCheck, SensitivityResults, model_based_check, sensitivity_results
from app.report.analysis.stimulus_attacks import StimulusAttack, stimulus_attacks
from app.report.analysis.timing import DriftResults, TimeResults, drift_results, time_results
from app.report.analysis.verdict_table import VerdictTable, tabulate_verdicts
from app.rounds.planned_numbers import CONSTANTS
from app.rounds.unit_words import UnitWords
from app.tasks.item import Item
from app.tasks.outcome import Outcome
from app.tasks.registry import DEFAULT_TASK, task_named
from app.unblinding.observations import Observation

ANALYSIS_VERSION = 1


@dataclass(frozen=True)
class AnalysisVersion:
    """The version of the analysis; another version may compute other numbers from the same observations."""

    version: int


@dataclass(frozen=True)
class FurtherResults:
    """The results that the design names beside the primary ones."""

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
class BlindingEvidence:
    """What is known about whether the blind held."""

    blinding: BlindingResults
    stimulus: tuple[StimulusAuc, ...]
    transport: TransportResults | None
    """None if the round was sealed without an audit."""
    marks: str
    blind_broken: bool
    attacks: tuple[StimulusAttack, ...] | None = field(default=None, kw_only=True)
    """What words and marks give away to a program; designs of version 0.1.0 did not plan it."""


@dataclass(frozen=True)
class NumberSources:
    """The seed, the settings and the libraries that the numbers were computed with."""

    seed: str
    shuffles: int
    bootstrap_draws: int
    level: float
    generator: str
    libraries: dict[str, str]
    """{library: version}"""


@dataclass(frozen=True)
class Analysis(BlindingEvidence, FurtherResults, PrimaryResults, HeadlineSentences, AnalysisVersion):
    """The whole analysis of a round. What cannot be computed is None, and a sentence in `notes` says why."""

    flow: tuple[ArmFlow, ...]
    methods: NumberSources
    draws: DrawResults | None = None
    """How the seed came about; analyses of version 0.1.0 do not say."""
    outcome: Outcome | None = None
    """Which answers count, and the words for them; None in a round of a design of version 1 or 2."""
    unit_words: dict[str, str] | None = None
    """{arm: what its units are called}; None in a round of a design of version 1 or 2."""

    @property
    def units(self) -> UnitWords:
        """What the units of each arm are called."""
        return UnitWords(self.unit_words or {})

    @property
    def words(self) -> Outcome:
        """The words for what counts."""
        return self.outcome or task_named(DEFAULT_TASK).outcome

    def content(self) -> JsonObject:
        """The analysis as plain JSON values."""
        json_object: JsonObject = _ANALYSIS.dump_python(self, mode="json", by_alias=True)
        if self.outcome is None:
            json_object = {name: in_released_names(part) for name, part in json_object.items()}
        for name in ("draws", "attacks", "outcome", "unit_words"):
            if json_object[name] is None:
                del json_object[name]  # an analysis of version 0.1 keeps its bytes
        transport = json_object["transport"]
        if isinstance(transport, dict) and transport["thresholds"] is None:
            del transport["thresholds"]
        return json_object


_ANALYSIS = TypeAdapter(Analysis)


def read_analysis(json_value: JsonValue) -> Analysis:
    """Read an analysis from its JSON values. Raises ValueError if they have another form."""
    return _ANALYSIS.validate_python(json_value)


def analyse(observations: Sequence[Observation], frame: AnalysisFrame, items: Sequence[Item] = ()) -> Analysis:
    """The whole analysis of a round.

    Args:
        observations: final verdicts, one per evaluator and item, controls and repeats included.
        frame: counts of the draw and the plan.
        items: words and marks of the judged items; without them nobody tries to tell the arms apart by these.
    """
    neuron_observations = [observation for observation in observations if observation.allocated.is_neuron]
    verdicts = tabulate_verdicts(neuron_observations)
    primary = primary_results(verdicts, frame)
    further = _further_results(verdicts, observations, frame)
    blind = _blinding_evidence(neuron_observations, items, frame)
    return replace(
        _join_parts(primary, further, blind, verdicts, frame), attacks=blind.attacks, unit_words=frame.unit_words
    )


def _join_parts(
    primary: PrimaryResults, further: FurtherResults, blind: BlindingEvidence, table: VerdictTable, frame: AnalysisFrame
) -> Analysis:
    return Analysis(
        ANALYSIS_VERSION,
        *headline_sentences(primary, blind.stimulus, blind.attacks, blind.transport, frame).in_order(),
        treatment=primary.treatment,
        reference=primary.reference,
        arm_order=primary.arm_order,
        stratum_order=primary.stratum_order,
        arms=primary.arms,
        cells=primary.cells,
        difference=primary.difference,
        ratio=primary.ratio,
        strata=primary.strata,
        heterogeneity=primary.heterogeneity,
        evaluators=primary.evaluators,
        judgments=primary.judgments,
        per_evaluator=further.per_evaluator,
        evaluators_like_these=further.evaluators_like_these,
        exposure=further.exposure,
        exclusions=further.exclusions,
        secondary=further.secondary,
        training_runs=further.training_runs,
        sensitivity=further.sensitivity,
        model_check=further.model_check,
        agreement=further.agreement,
        controls=further.controls,
        drift=further.drift,
        time=further.time,
        blinding=blind.blinding,
        stimulus=blind.stimulus,
        transport=blind.transport,
        marks=blind.marks,
        blind_broken=blind.blind_broken,
        flow=flow_by_arm(table, frame),
        methods=_number_sources(frame),
        draws=draw_results(frame.draws, frame.units),
        outcome=frame.stated_outcome,
    )


def _further_results(
    verdicts: VerdictTable, observations: Sequence[Observation], frame: AnalysisFrame
) -> FurtherResults:
    return FurtherResults(
        per_evaluator=evaluator_results(verdicts, frame),
        evaluators_like_these=evaluators_like_these(verdicts, frame),
        exposure=exposure_results(verdicts, frame),
        exclusions=exclusion_results(verdicts, observations, frame),
        secondary=secondary_results(verdicts, frame),
        training_runs=training_runs_by_size(verdicts, frame),
        sensitivity=sensitivity_results(verdicts, frame),
        model_check=model_based_check(verdicts, frame),
        agreement=agreement_results(verdicts, observations, frame),
        controls=control_results(observations),
        drift=drift_results(verdicts, frame),
        time=time_results(verdicts, frame),
    )


def _blinding_evidence(
    neuron_observations: Sequence[Observation], items: Sequence[Item], frame: AnalysisFrame
) -> BlindingEvidence:
    return BlindingEvidence(
        blinding=blinding_results(neuron_observations, frame),
        stimulus=stimulus_aucs(neuron_observations, frame),
        transport=transport_results(frame),
        marks=frame.marks,
        blind_broken=frame.blind_broken,
        attacks=stimulus_attacks(neuron_observations, items, frame) if frame.plan else None,
    )


def _number_sources(frame: AnalysisFrame) -> NumberSources:
    return NumberSources(
        seed=frame.seed,
        shuffles=frame.numbers.shuffles,
        bootstrap_draws=frame.numbers.bootstrap_draws,
        level=CONSTANTS.level,
        generator="numpy PCG64, seeded by SHA-256 of seed, purpose and item codes",
        libraries={name: version(name) for name in ("numpy", "scipy", "statsmodels")},
    )
