"""The result of a round as a function of its evidence, and of nothing else.

Unblinding, the report and `firstglance verify` all call `result_of`. Observations, frame and analysis are views of the
evidence, and so is every table, text and figure that is made of them. Pure.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.evidence.draws import CellLeftOut, DrawHistory, draw_history, steps_of_log
from app.evidence.round_evidence import Evidence
from app.report.analysis.analysis import Analysis, analyse
from app.report.analysis.frame import (
    AnalysisFrame,
    CellCounts,
    EnrolledEvaluator,
    FlaggedItem,
    Guess,
    MarkCounts,
    PiledItem,
)
from app.rounds.allocation import AllocatedCell
from app.rounds.common_ground import common_ground
from app.tasks.item import Item
from app.unblinding.observations import EvaluatorJudgments, Observation, final_observations

UNKNOWN = "unknown"
"""The answer "don't know" to the blinding question."""


@dataclass(frozen=True)
class RoundResult:
    """The result of an unblinded round."""

    observations: Sequence[Observation]
    """The final judgment of each evaluator on each item, by pseudonym and position."""
    frame: AnalysisFrame
    analysis: Analysis
    items: Sequence[Item] = ()
    """Every item that is no practice, by code."""


def result_of(evidence: Evidence) -> RoundResult:
    """The result that follows from the evidence."""
    observations, frame, items = observations_of(evidence), frame_of(evidence), items_of(evidence)
    return RoundResult(observations, frame, analyse(observations, frame, items), items)


def observations_of(evidence: Evidence) -> list[Observation]:
    """The final judgment of each evaluator on each item, joined with the allocation; erased evaluators have none."""
    flagged: dict[str, set[str]] = {}
    for flag in evidence.flags:
        flagged.setdefault(flag.evaluator, set()).add(flag.item)
    histories = [
        EvaluatorJudgments(
            evaluator=name,
            exposed=enrolment.exposed,
            all_judgments=evidence.judgments_of(name),
            missing=frozenset(flagged.get(name, ())),
        )
        for name, enrolment in evidence.roster.items()
        if not enrolment.erased
    ]
    return final_observations(histories, evidence.seal.allocation.by_code, evidence.design.outcome)


def frame_of(evidence: Evidence) -> AnalysisFrame:
    """The sealed counts, the plan of the design, and what evaluators did besides judging."""
    design = evidence.design
    sorts = design.blinding_question == "sort"
    return AnalysisFrame(
        cells=tuple(_cell_counts(cell) for cell in evidence.seal.allocation.cells),
        reference=design.reference,
        treatment=design.treatment,
        seed=evidence.published.commitment,
        by_layer=design.by_layer == "stratified",
        planned=design.overlap or 0,
        exclusions=design.exclusions,
        evaluators=_enrolled(evidence),
        guesses=() if sorts else _guesses(evidence),
        piles=_piled_items(evidence) if sorts else (),
        stimuli=tuple(MarkCounts.from_item(item) for item in items_of(evidence)),
        flagged=tuple(FlaggedItem(flag.evaluator, flag.item, flag.reason, flag.comment) for flag in evidence.flags),
        stopped_early=evidence.stopped_early,
        blind_broken=evidence.blind_broken,
        marks=design.marks,
        audit=evidence.sealed.audit,
        plan=design.planned_analysis,
        draws=_draw_history(evidence),
        aids=design.aids if design.planned_analysis else None,
        grounds=common_ground(design),
        unit_words=dict(design.unit_words.by_arm) or None,
    )


def _draw_history(evidence: Evidence) -> DrawHistory | None:
    """How the seed came about; None if version 0.1.0 sealed the round, whose analyses have no such part."""
    if evidence.seal.version == 1:
        return None
    counts = Counter(archive_sha256 for archive_sha256, _, _ in evidence.seal.left_out)
    cells = evidence.seal.allocation.cells if counts else ()
    left_out_cells = tuple(CellLeftOut(cell.arm, cell.stratum, counts[cell.archive_sha256]) for cell in cells)
    return replace(draw_history(steps_of_log(evidence.log_until_lock)), left_out_cells=left_out_cells)


def _cell_counts(allocated: AllocatedCell) -> CellCounts:
    return CellCounts(
        arm=allocated.arm,
        stratum=allocated.stratum,
        eligible=allocated.eligible,
        drawn=allocated.drawn,
        dead=allocated.dead,
        shown=allocated.shown,
        excluded=allocated.excluded,
        suppressed=allocated.suppressed,
        layers=allocated.layers,
        model=allocated.model,
    )


def _enrolled(evidence: Evidence) -> tuple[EnrolledEvaluator, ...]:
    return tuple(
        EnrolledEvaluator(name, enrolment.exposed, enrolment.assigned, enrolment.erased)
        for name, enrolment in evidence.roster.items()
    )


def _guesses(evidence: Evidence) -> tuple[Guess, ...]:
    return tuple(
        Guess(
            evaluator=guess.evaluator,
            exposed=guess.evaluator in evidence.roster and evidence.roster[guess.evaluator].exposed,
            guess=None if guess.guess == UNKNOWN else guess.guess,
            item=guess.item,
        )
        for guess in evidence.guesses
    )


def _piled_items(evidence: Evidence) -> tuple[PiledItem, ...]:
    return tuple(PiledItem(guess.evaluator, guess.item, pile=guess.guess) for guess in evidence.guesses)


def items_of(evidence: Evidence) -> tuple[Item, ...]:
    """Every item that is no practice, by code."""
    by_code = evidence.seal.allocation.by_code
    contents = [content for content in evidence.item_contents if by_code[content["code"]].kind != "training"]
    contents.sort(key=lambda content: content["code"])
    return tuple(Item.from_content(content) for content in contents)
