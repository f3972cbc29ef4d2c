"""Controls of known truth: how often evaluators accept planted items, and items along the purity ladder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, Field

from app.report.analysis.estimates import NamedEvaluator, finite_interval
from app.report.analysis.released_names import COUNTED
from app.statistics.intervals import Interval
from app.statistics.proportions import wilson_interval
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class Acceptance:
    """How often answers on some items count."""

    judgments: int
    counted: Annotated[int, Field(validation_alias=AliasChoices("counted", COUNTED))]
    fraction: float | None
    interval: Interval | None


@dataclass(frozen=True)
class EvaluatorAcceptance(Acceptance, NamedEvaluator):
    """How often one evaluator's answers on planted items count."""


@dataclass(frozen=True)
class Purity:
    """The purity of the items of one step of the ladder."""

    purity: float
    """The share of an item's snippets that are from its main neuron."""


@dataclass(frozen=True)
class LadderStep(Acceptance, Purity):
    """How often answers on items of one purity count."""


@dataclass(frozen=True)
class LadderCurve(NamedEvaluator):
    """One evaluator's acceptance along the ladder."""

    curve: tuple[LadderStep, ...]


@dataclass(frozen=True)
class ControlResults:
    """Acceptance of planted items and along the purity ladder, by evaluator and over all evaluators."""

    planted: Acceptance
    planted_by_evaluator: tuple[EvaluatorAcceptance, ...]
    ladder: tuple[LadderStep, ...]
    ladder_by_evaluator: tuple[LadderCurve, ...]


def control_results(observations: Sequence[Observation]) -> ControlResults:
    """Acceptance of planted items and along the purity ladder."""
    planted = [observation for observation in observations if observation.allocated.kind == "planted"]
    ladder = [observation for observation in observations if observation.allocated.kind == "purity"]
    return ControlResults(
        planted=_acceptance(planted),
        planted_by_evaluator=tuple(
            _evaluator_acceptance(name, _acceptance(judged)) for name, judged in _by_evaluator(planted).items()
        ),
        ladder=_ladder_steps(ladder),
        ladder_by_evaluator=tuple(
            LadderCurve(name, _ladder_steps(judged)) for name, judged in _by_evaluator(ladder).items()
        ),
    )


def _by_evaluator(observations: Sequence[Observation]) -> dict[str, list[Observation]]:
    names = sorted({observation.evaluator for observation in observations})
    return {name: [observation for observation in observations if observation.evaluator == name] for name in names}


def _acceptance(observations: Sequence[Observation]) -> Acceptance:
    judgment_count = len(observations)
    if not judgment_count:
        return Acceptance(0, 0, fraction=None, interval=None)
    accepted_count = sum(observation.counts for observation in observations)
    fraction = accepted_count / judgment_count
    interval = finite_interval(wilson_interval(fraction, judgment_count))
    return Acceptance(judgment_count, accepted_count, fraction, interval)


def _ladder_steps(ladder: Sequence[Observation]) -> tuple[LadderStep, ...]:
    by_purity: dict[float, list[Observation]] = {}
    for observation in ladder:
        if observation.allocated.purity is not None:
            by_purity.setdefault(observation.allocated.purity, []).append(observation)
    return tuple(_ladder_step(purity, _acceptance(by_purity[purity])) for purity in sorted(by_purity))


def _evaluator_acceptance(name: str, acceptance: Acceptance) -> EvaluatorAcceptance:
    return EvaluatorAcceptance(
        evaluator=name,
        judgments=acceptance.judgments,
        counted=acceptance.counted,
        fraction=acceptance.fraction,
        interval=acceptance.interval,
    )


def _ladder_step(purity: float, acceptance: Acceptance) -> LadderStep:
    return LadderStep(
        purity=purity,
        judgments=acceptance.judgments,
        counted=acceptance.counted,
        fraction=acceptance.fraction,
        interval=acceptance.interval,
    )
