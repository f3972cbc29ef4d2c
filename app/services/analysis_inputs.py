"""Read the input of an unblinded round's analysis from the database: observations and frame."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.evidence.draws import draw_history
from app.evidence.event_details import LockedDetail, SealedDetail
from app.judging.judgment import Judgment
from app.report.analysis.frame import (
    AnalysisFrame,
    CellCounts,
    EnrolledEvaluator,
    FlaggedItem,
    Guess,
    MarkCounts,
    PiledItem,
)
from app.rounds.allocation import AllocatedCell, Allocation
from app.rounds.design import read_design
from app.services.blinding_question import UNKNOWN
from app.services.draws import logged_steps
from app.services.log import Event, latest_event
from app.store import evaluators as evaluator_store
from app.store import judging as judging_store
from app.store import rounds as round_store
from app.store.tables import EvaluatorRow, GuessRow, JudgmentRow, RoundRow
from app.unblinding.observations import EvaluatorJudgments, Observation, final_observations


def observations_from_database(session: Session, round_id: str, allocation: Allocation) -> list[Observation]:
    """The final judgment of each evaluator on each item, joined with the allocation."""
    histories = [
        EvaluatorJudgments(
            evaluator=evaluator.name,
            exposed=evaluator.exposed,
            all_judgments=[_judgment(row) for row in judging_store.judgments_of_evaluator(session, evaluator.id)],
            missing=frozenset(flag.item for flag in judging_store.flags_of_evaluator(session, evaluator.id)),
        )
        for evaluator in evaluator_store.evaluators_of_round(session, round_id)
        if evaluator.erased_at is None
    ]
    return final_observations(histories, allocation.by_code)


def read_analysis_frame(
    session: Session, round_row: RoundRow, allocation: Allocation, events: Sequence[Event]
) -> AnalysisFrame:
    """The sealed counts, the plan of the design, and what evaluators did besides judging: guesses, piles and flags."""
    design = read_design(round_row.design)
    evaluator_rows = evaluator_store.evaluators_of_round(session, round_row.id)
    guesses = _guesses(session, evaluator_rows)
    sorts = design.blinding_question == "sort"
    return AnalysisFrame(
        cells=tuple(_cell_counts(cell) for cell in allocation.cells),
        reference=design.reference,
        treatment=design.treatment,
        seed=str(round_row.commitment),
        by_layer=design.by_layer == "stratified",
        planned=design.overlap or 0,
        exclusions=design.exclusions,
        evaluators=_enrolled(session, round_row.id, evaluator_rows),
        guesses=() if sorts else tuple(_guess(evaluator, guess) for evaluator, guess in guesses),
        piles=tuple(_piled_item(evaluator, guess) for evaluator, guess in guesses) if sorts else (),
        stimuli=_stimuli(session, round_row.id),
        flagged=_flagged(session, evaluator_rows),
        stopped_early=LockedDetail.model_validate(latest_event(events, "locked").detail).stopped_early,
        blind_broken=any(event.action == "archives browsed" for event in events),
        marks=design.marks,
        audit=SealedDetail.model_validate(latest_event(events, "sealed").detail).audit,
        plan=design.planned_analysis,
        draws=draw_history(logged_steps(events)),
    )


def _judgment(judgment_row: JudgmentRow) -> Judgment:
    return Judgment(
        item=judgment_row.item,
        verdict=judgment_row.verdict,
        hypothesis=judgment_row.hypothesis,
        confidence=judgment_row.confidence,
        comment=judgment_row.comment,
        revision=judgment_row.revision,
        position=judgment_row.position,
        shown_at=judgment_row.shown_at,
        judged_at=judgment_row.judged_at,
        active_seconds=judgment_row.active_seconds,
        unfolded=judgment_row.unfolded,
        fixed_width=judgment_row.fixed_width,
        step=judgment_row.step,
    )


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


def _enrolled(session: Session, round_id: str, evaluator_rows: Sequence[EvaluatorRow]) -> tuple[EnrolledEvaluator, ...]:
    tallies = round_store.tallies_by_evaluator(session, round_id)
    no_items = round_store.Tally(0, 0)
    return tuple(
        EnrolledEvaluator(row.name, row.exposed, tallies.get(row.id, no_items).assigned, row.erased_at is not None)
        for row in evaluator_rows
    )


def _guesses(session: Session, evaluator_rows: Sequence[EvaluatorRow]) -> list[tuple[EvaluatorRow, GuessRow]]:
    """The answers to the blinding question that are about an item, with their evaluators."""
    return [
        (evaluator, guess)
        for evaluator in evaluator_rows
        for guess in judging_store.guesses_of_evaluator(session, evaluator.id)
        if guess.item
    ]


def _guess(evaluator: EvaluatorRow, guess: GuessRow) -> Guess:
    arm = None if guess.guess == UNKNOWN else guess.guess
    return Guess(evaluator.name, evaluator.exposed, arm, guess.item)


def _piled_item(evaluator: EvaluatorRow, guess: GuessRow) -> PiledItem:
    return PiledItem(evaluator.name, guess.item, pile=guess.guess)


def _flagged(session: Session, evaluator_rows: Sequence[EvaluatorRow]) -> tuple[FlaggedItem, ...]:
    flags = [
        FlaggedItem(evaluator.name, flag.item, flag.kind, flag.comment)
        for evaluator in evaluator_rows
        for flag in judging_store.flags_of_evaluator(session, evaluator.id)
    ]
    return tuple(sorted(flags, key=lambda flag: (flag.evaluator, flag.item, flag.kind)))


def _stimuli(session: Session, round_id: str) -> tuple[MarkCounts, ...]:
    """What each item that is no practice shows apart from its words."""
    rows = [row for row in round_store.items_of_round(session, round_id) if not row.training]
    return tuple(MarkCounts.from_item(row.read_item()) for row in rows)
