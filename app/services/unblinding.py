"""Unblind a locked round, correct the analysis of an unblinded one, and read an unblinded round.

Both steps check all evidence against the commitment, analyse it with the current program, and store the result as a
version that is never deleted. Unblinding opens the seal with the keys, once, and makes version 1; a correction uses the
content that was opened then and makes the next version.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.chains import JudgmentChain, require_unbroken_chains
from app.evidence.entries import EventAction, JudgmentLink, judgment_link
from app.evidence.event_details import LockedDetail, SealedDetail
from app.foundation.digest import canonical_bytes
from app.foundation.errors import LifecycleError, SealError
from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import Analysis, analyse, read_analysis
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.rounds.allocation import SealContent
from app.rounds.lifecycle import require_allowed, require_reason, state_after
from app.services.analysis_inputs import observations_from_database, read_analysis_frame
from app.services.log import Event, append_event, latest_event, round_events, verify_log
from app.store import rounds as round_store
from app.store.sealed import UnblindedRow, add_unblinded, find_seal, newest_unblinded
from app.store.tables import RoundRow
from app.unblinding.observations import Observation
from app.unblinding.opening import PublishedRound, open_seal_content, read_seal_content, require_unchanged


@dataclass(frozen=True)
class UnblindedRound:
    """An unblinded round: the content of its seal, the observations, and the result."""

    seal: SealContent
    observations: list[Observation]
    frame: AnalysisFrame
    analysis: Analysis


@dataclass(frozen=True)
class ResultVersion:
    """A version of the result: its number, who made it, why and when."""

    version: int
    by: str
    reason: str
    at: datetime


def unblind_round(
    session: Session, round_id: str, identities: Sequence[str], by: str, reason: str, now: datetime
) -> Analysis:
    """Open the seal of a locked round, check everything against the commitment, and store and return the analysis.

    Raises LifecycleError unless the round is locked and a reason is given, and SealError if the keys do not open the
    seal or anything was changed since the commitment. Call it inside `logged_attempt`, which logs a refusal.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    new_state = state_after(round_row.state, "unblind")
    version = ResultVersion(1, by, require_reason(reason), now)
    verify_log(session, round_id)
    opened = open_seal_content(find_seal(session, round_id).ciphertext, identities)
    append_event(session, round_id, by, "key read", {"keys": len(identities)}, now)
    _verify_evidence(session, round_row, opened)
    round_row.state = new_state
    return _analyse_and_store(session, round_row, opened, version, "unblinded")


def correct_analysis(session: Session, round_id: str, by: str, reason: str, now: datetime) -> Analysis:
    """Analyse an unblinded round again with the current program, and store and return the analysis.

    Earlier versions are kept. Judgments and allocation are checked again and cannot differ; only the way they are
    analysed can. Raises LifecycleError unless the round is unblinded and a reason is given, and SealError
    if anything was changed since the commitment. Call it inside `logged_attempt`, which logs a refusal.
    """
    round_row = round_store.find_round(session, round_id, for_update=True)
    require_allowed(round_row.state, "correct")
    _, newest = find_unblinded(session, round_id)
    version = ResultVersion(newest.version + 1, by, require_reason(reason), now)
    verify_log(session, round_id)
    opened = read_seal_content(newest.opened)
    _verify_evidence(session, round_row, opened)
    return _analyse_and_store(session, round_row, opened, version, "corrected")


def read_unblinded_round(session: Session, round_id: str) -> UnblindedRound:
    """The seal's content, the observations and the newest analysis. Raises LifecycleError before unblinding."""
    _, newest = find_unblinded(session, round_id)
    seal = read_seal_content(newest.opened)
    return UnblindedRound(
        seal=seal,
        observations=observations_from_database(session, round_id, seal.allocation),
        frame=read_frame(json.loads(newest.frame)),
        analysis=read_analysis(json.loads(newest.analysis)),
    )


def find_unblinded(session: Session, round_id: str) -> tuple[RoundRow, UnblindedRow]:
    """The round and the newest version of its result. Raises NotFoundError, or LifecycleError before unblinding."""
    round_row = round_store.find_round(session, round_id)
    newest = newest_unblinded(session, round_id)
    if newest is None:
        msg = f"This round is {round_row.state}. Its report and its allocation can be read only after unblinding."
        raise LifecycleError(msg)
    return round_row, newest


def _verify_evidence(session: Session, round_row: RoundRow, opened: SealContent) -> None:
    """Raise SealError naming everything that contradicts the commitment, the chains or the log's entry of the lock."""
    events = round_events(session, round_row.id)
    require_unchanged(opened, _published_round(session, round_row, events))
    require_unbroken_chains(_judgment_chains(session, round_row.id, events), str(round_row.commitment))


def _published_round(session: Session, round_row: RoundRow, events: Sequence[Event]) -> PublishedRound:
    """What was published at the seal. The digests come from the log, whose chain protects them better than a column."""
    sealed = SealedDetail.model_validate(latest_event(events, "sealed").detail)
    if round_row.commitment != sealed.commitment:
        msg = "The commitment differs from the one in the log. The round is not unblinded; find out who changed it."
        raise SealError(msg)
    items = {
        item.code: (json.loads(item.content), item.digest) for item in round_store.items_of_round(session, round_row.id)
    }
    return PublishedRound(
        design=round_row.design,
        design_sha256=sealed.design_sha256,
        items_with_digests=items,
        sealed_sha256=sealed.sealed_sha256,
        commitment=sealed.commitment,
        receipt_key=sealed.receipt_key,
    )


def _judgment_chains(session: Session, round_id: str, events: Sequence[Event]) -> list[JudgmentChain]:
    """Each evaluator's chain of judgments, with its head in the log's entry of the lock."""
    heads = LockedDetail.model_validate(latest_event(events, "locked").detail).heads
    chains: dict[str, list[JudgmentLink]] = {name: [] for name in heads}
    for evaluator, judgment in round_store.judgments_of_round(session, round_id):
        chains.setdefault(evaluator.name, []).append(judgment_link(evaluator.name, judgment))
    return [JudgmentChain(name, links, heads[name].head if name in heads else None) for name, links in chains.items()]


def _analyse_and_store(
    session: Session, round_row: RoundRow, opened: SealContent, version: ResultVersion, action: EventAction
) -> Analysis:
    """Analyse, store the result under its version, and log the step."""
    frame = read_analysis_frame(session, round_row, opened.allocation, round_events(session, round_row.id))
    analysis = analyse(observations_from_database(session, round_row.id, opened.allocation), frame)
    result = UnblindedRow(
        round_id=round_row.id,
        version=version.version,
        opened=canonical_bytes(opened.as_sealed).decode(),
        analysis=json.dumps(analysis.content()),
        frame=json.dumps(frame.content()),
        reason=version.reason,
        by=version.by,
        at=version.at,
    )
    add_unblinded(session, result)
    detail: JsonObject = {"reason": version.reason, "version": version.version}
    append_event(session, round_row.id, version.by, action, detail, version.at)
    return analysis
