"""The newest result of an unblinded round, as pages, commands and downloads show it: from checked evidence alone.

Each reading fingerprints everything in the database that decides the result. Only if that is not what was checked
before, all of it is checked again, so a page of a large round costs a fraction of a second and no change is missed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.evidence.entries import RESULT_ACTIONS, LogEntry
from app.evidence.round_evidence import Evidence
from app.foundation.errors import SealError
from app.report.analysis.analysis import Analysis, read_analysis
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.report.result import RoundResult, observations_of, result_of
from app.rounds.design import Design
from app.services.log import verify_log
from app.services.unblinding import find_unblinded, unblinded_evidence
from app.store.sealed import UnblindedRow, fingerprint_of_round
from app.unblinding.observations import Observation

ROUNDS_REMEMBERED = 8
"""So many results are remembered by their fingerprints."""


@dataclass(frozen=True)
class CurrentResult:
    """The newest result of a round, and what it is shown with."""

    design: Design
    commitment: str
    unsigned: bool
    """Whether the round has a key, which did not sign this result in the log."""
    observations: Sequence[Observation]
    analysis: Analysis
    frame: AnalysisFrame
    event: LogEntry
    """The log's event that says who made it, when and why."""


_remembered: dict[str, CurrentResult] = {}
"""{fingerprint of a round: its result}, the oldest first."""


def current_result(session: Session, round_id: str) -> CurrentResult:
    """The newest result of a round.

    Raises LifecycleError before unblinding, and SealError naming what somebody changed in the database.
    """
    _, newest = find_unblinded(session, round_id)
    fingerprint = fingerprint_of_round(session, round_id)
    result = _remembered.get(fingerprint)
    if result is None:
        verify_log(session, round_id)
        result = _checked_result(unblinded_evidence(session, round_id), newest)
        for outdated in list(_remembered)[: 1 - ROUNDS_REMEMBERED]:
            _remembered.pop(outdated, None)
        _remembered[fingerprint] = result
    return result


def _checked_result(evidence: Evidence, newest: UnblindedRow) -> CurrentResult:
    event = next(link["event"] for link in reversed(evidence.log) if link["event"]["action"] in RESULT_ACTIONS)
    result = _read_signed(newest, event, evidence) if evidence.is_result_signed else result_of(evidence)
    return CurrentResult(
        design=evidence.design,
        commitment=evidence.published.commitment,
        unsigned=evidence.lacks_signature,
        observations=result.observations,
        analysis=result.analysis,
        frame=result.frame,
        event=event,
    )


def _read_signed(newest: UnblindedRow, event: LogEntry, evidence: Evidence) -> RoundResult:
    """The stored result, whose digest the round's key signed in the log.

    Any other, such as one of version 0.1.0, is computed from the evidence again.
    """
    if event["detail"].get("result_sha256") != newest.digest:
        msg = "The stored result is not the one that the log names, so somebody changed it; restore a backup."
        raise SealError(msg)
    analysis, frame = read_analysis(json.loads(newest.analysis)), read_frame(json.loads(newest.frame))
    return RoundResult(observations_of(evidence), frame, analysis)
