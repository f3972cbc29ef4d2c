"""Opening a locked round, once: the key, the check against the commitment, the analysis, and what is kept of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from app.evidence.entries import judgment_entry
from app.foundation.digest import canonical_bytes
from app.foundation.errors import LifecycleError, SealError
from app.judging.judgment import Judgment, Step, Verdict
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import (
    AnalysisFrame,
    CellCounts,
    Enrolled,
    ExclusionRules,
    Flagged,
    Guess,
    LayerCount,
    Piled,
)
from app.report.analysis.stimulus import stimulus
from app.rounds.design import Design, read_design
from app.rounds.item import Item
from app.rounds.lifecycle import after, require
from app.services.log import Event, append_event, round_events, verify_log
from app.store import rounds as round_store
from app.store.sealed import UnblindedRow, add_unblinded, find_seal, newest_unblinded
from app.store.tables import EvaluatorRow, JudgmentRow, RoundRow
from app.unblinding.observations import EvaluatorJudgments, Observation, observations, read_allocation
from app.unblinding.opening import Chain, Published, open_allocation, verify, verify_chains

SHORTEST_REASON = 3


@dataclass(frozen=True)
class UnblindedRound:
    """An unblinded round: what was sealed, what was judged, and what came of it."""

    design: Design
    allocation: dict[str, Any]
    seed: str
    nonce: str
    commitment: str
    observations: list[Observation]
    frame: AnalysisFrame
    analysis: dict[str, Any]
    events: list[Event]


@dataclass(frozen=True)
class ResultVersion:
    """Which version of the result this is, who made it, why and when."""

    version: int
    by: str
    reason: str
    at: datetime


def unblind_round(
    session: Session, round_id: str, identities: Sequence[str], by: str, reason: str, now: datetime
) -> dict[str, Any]:
    """Open the seal, check everything against the commitment, analyse, and freeze the result; the analysis.

    Raises LifecycleError unless the round is locked and a reason is given, and SealError if the keys do not open the
    seal or anything was changed since the commitment. Call it inside `services.log.attempt`, which logs a refusal.
    """
    row = round_store.find_round(session, round_id, hold=True)
    state = after(row.state, "unblind")
    _require_reason(reason, "the round is unblinded now")
    verify_log(session, round_id)
    log = round_events(session, round_id)
    seal = find_seal(session, round_id)
    opened = open_allocation(seal.ciphertext, identities)
    append_event(session, round_id, by, "key read", {"keys": len(identities)}, now)
    verify(opened, _published(session, row, log))
    verify_chains(_chains(session, round_id, log), str(row.commitment))
    row.state = state
    analysis = _frozen(session, row, opened, ResultVersion(1, by, reason.strip(), now))
    append_event(session, round_id, by, "unblinded", {"reason": reason.strip(), "version": 1}, now)
    return analysis


def correct_analysis(session: Session, round_id: str, by: str, reason: str, now: datetime) -> dict[str, Any]:
    """Analyse an unblinded round anew, with the program as it is now; the first version stays beside it for ever.

    Judgments and allocation are checked again and cannot differ: only how they are analysed can.
    """
    row = round_store.find_round(session, round_id, hold=True)
    require(row.state, "correct")
    _require_reason(reason, "the analysis is corrected")
    log = round_events(session, round_id)
    before = newest_unblinded(session, round_id)
    assert before is not None  # an unblinded round has a first version
    opened = json.loads(before.opened)
    verify(opened, _published(session, row, log))
    verify_chains(_chains(session, round_id, log), str(row.commitment))
    record = ResultVersion(before.version + 1, by, reason.strip(), now)
    analysis = _frozen(session, row, opened, record)
    append_event(session, round_id, by, "corrected", {"reason": record.reason, "version": record.version}, now)
    return analysis


def _require_reason(reason: str, what: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        msg = f"Type why {what}; the reason goes into the log and the report."
        raise LifecycleError(msg)


def _frozen(session: Session, row: RoundRow, opened: dict[str, Any], record: ResultVersion) -> dict[str, Any]:
    """Analyse, and keep the result under its version."""
    log = round_events(session, row.id)
    frame = _frame(session, row, opened["allocation"], log)
    analysis = analyse(_observations(session, row.id, opened["allocation"]), frame)
    kept = UnblindedRow(
        round_id=row.id,
        version=record.version,
        opened=canonical_bytes(opened).decode(),
        analysis=json.dumps(analysis),
        frame=json.dumps(frame.content()),
        reason=record.reason,
        by=record.by,
        at=record.at,
    )
    add_unblinded(session, kept)
    return analysis


def read_unblinded_round(session: Session, round_id: str) -> UnblindedRound:
    """Everything about an unblinded round. Raises LifecycleError if it is not."""
    row = round_store.find_round(session, round_id)
    kept = newest_unblinded(session, round_id)
    if kept is None:
        msg = f"This round is {row.state}. Its allocation can be read only after unblinding."
        raise LifecycleError(msg)
    sealed = json.loads(kept.opened)
    return UnblindedRound(
        design=read_design(row.design),
        allocation=sealed["allocation"],
        seed=sealed["seed"],
        nonce=sealed["nonce"],
        commitment=str(row.commitment),
        observations=_observations(session, round_id, sealed["allocation"]),
        frame=AnalysisFrame.from_content(json.loads(kept.frame)),
        analysis=json.loads(kept.analysis),
        events=round_events(session, round_id),
    )


def _published(session: Session, row: RoundRow, log: Sequence[Event]) -> Published:
    """What the database says was committed to; the log's chained entry of the seal outranks the columns."""
    sealed = _entry(log, "sealed")
    items = {one.code: (json.loads(one.content), one.digest) for one in round_store.items_of_round(session, row.id)}
    if row.commitment != sealed.detail["commitment"]:
        msg = "The commitment was changed: the log has another. The round is not unblinded; find out who changed it."
        raise SealError(msg)
    return Published(
        row.design, sealed.detail["design_sha256"], items, sealed.detail["sealed_sha256"], sealed.detail["commitment"]
    )


def _entry(log: Sequence[Event], action: str) -> Event:
    found = [one for one in log if one.action == action]
    if not found:
        msg = f"The log has no entry “{action}”; it was changed. The round is not unblinded."
        raise SealError(msg)
    return found[-1]


def _chains(session: Session, round_id: str, log: Sequence[Event]) -> list[Chain]:
    heads = _entry(log, "locked").detail["heads"]
    links: dict[str, list[tuple[dict[str, Any], str]]] = {name: [] for name in heads}
    for who, row in round_store.judgments_of_round(session, round_id):
        links.setdefault(who.name, []).append((judgment_entry(who.name, row), row.chain))
    return [Chain(name, chain, heads[name]["head"] if name in heads else None) for name, chain in links.items()]


def _observations(session: Session, round_id: str, allocation: dict[str, Any]) -> list[Observation]:
    rows: dict[str, tuple[EvaluatorRow, list[Judgment]]] = {}
    for who, row in round_store.judgments_of_round(session, round_id):
        if who.erased_at is None:
            rows.setdefault(who.name, (who, []))[1].append(_judgment(row))
    missing = round_store.flagged(session, round_id)
    judged = [
        EvaluatorJudgments(name, who.exposed, said, missing.get(who.id, frozenset()))
        for name, (who, said) in rows.items()
    ]
    return observations(judged, read_allocation(allocation))


def _judgment(row: JudgmentRow) -> Judgment:
    return Judgment(
        item=row.item,
        verdict=cast("Verdict", row.verdict),
        hypothesis=row.hypothesis,
        confidence=row.confidence,
        comment=row.comment,
        revision=row.revision,
        position=row.position,
        shown_at=row.shown_at,
        judged_at=row.judged_at,
        active_seconds=row.active_seconds,
        unfolded=row.unfolded,
        fixed_width=row.fixed_width,
        step=cast("Step", row.step),
    )


def _frame(session: Session, row: RoundRow, allocation: dict[str, Any], log: Sequence[Event]) -> AnalysisFrame:
    """The counts that were sealed, and the plan that the design fixed, as the analysis takes them."""
    design = read_design(row.design)
    tallies = round_store.tallies_by_evaluator(session, row.id)
    who = round_store.evaluators_of_round(session, row.id)
    enrolled = tuple(
        Enrolled(one.name, one.exposed, tallies[one.id].assigned if one.id in tallies else 0, one.erased_at is not None)
        for one in who
    )
    frame = AnalysisFrame(
        cells=tuple(_cell(counts) for counts in allocation["cells"]),
        reference=design.reference,
        treatment=design.treatment,
        seed=str(row.commitment),
        by_layer=design.by_layer == "stratified",
        planned=design.overlap or 0,
        exclusions=ExclusionRules(**design.exclusions.model_dump()),
        evaluators=enrolled,
        stopped_early=bool(_entry(log, "locked").detail["stopped_early"]),
        blind_broken=any(event.action == "archives browsed" for event in log),
        marks=design.marks,
        audit=_entry(log, "sealed").detail["audit"],
    )
    return _with_answers(session, frame, who, row.id, sorts=design.blinding_question == "sort")


def _with_answers(
    session: Session, frame: AnalysisFrame, who: Sequence[EvaluatorRow], round_id: str, *, sorts: bool
) -> AnalysisFrame:
    """The frame with phase 2's answers, the flags, and what each item shows apart from its words."""
    names = {one.id: one.name for one in who}
    flags = [
        Flagged(names[one.evaluator_id], one.item, one.kind, one.comment)
        for one in round_store.flags(session, round_id)
    ]
    answers = [(one, answer) for one in who for answer in round_store.guesses(session, one.id) if answer.item]
    items = [
        Item.from_content(json.loads(one.content))
        for one in round_store.items_of_round(session, round_id)
        if not one.training
    ]
    guesses = tuple(
        Guess(one.name, one.exposed, None if answer.guess == "unknown" else answer.guess, answer.item)
        for one, answer in answers
    )
    return replace(
        frame,
        guesses=() if sorts else guesses,
        piles=tuple(Piled(one.name, answer.item, answer.guess) for one, answer in answers) if sorts else (),
        flagged=tuple(sorted(flags, key=lambda one: (one.evaluator, one.item, one.kind))),
        stimuli=tuple(stimulus(item) for item in items),
    )


def _cell(counts: dict[str, Any]) -> CellCounts:
    named = ("arm", "stratum", "eligible", "drawn", "dead", "shown", "excluded", "suppressed")
    layers = tuple(LayerCount(**one) for one in counts["layers"])
    return CellCounts(**{name: counts[name] for name in named}, layers=layers, model=counts.get("model", {}))
