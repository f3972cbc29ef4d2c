"""What leaves the server about an unblinded round: the analysis for the page, and the bundle that anyone can verify."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.evidence.entries import event_entry, judgment_entry
from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.report.analysis.frame import AnalysisFrame
from app.report.export.bundle import LOCKED, Bundle
from app.report.export.tables import OBSERVATION_COLUMNS, csv_text, observation_rows
from app.services import log
from app.services.unblinding import read_unblinded_round
from app.store import log as log_store
from app.store import rounds as round_store
from app.store.sealed import UnblindedRow, find_seal, newest_unblinded
from app.store.tables import RoundRow


@dataclass(frozen=True)
class RoundReport:
    """What the report page shows."""

    round_id: str
    title: str
    commitment: str
    analysis: dict[str, Any]
    frame: AnalysisFrame
    reason: str
    by: str
    at: datetime
    version: int


def round_report(session: Session, round_id: str) -> RoundReport:
    """The newest analysis. Raises NotFoundError, or LifecycleError if the round was not unblinded."""
    row, result = _unblinded(session, round_id)
    analysis = json.loads(result.analysis)
    commitment = row.commitment or ""
    frame = AnalysisFrame.from_content(json.loads(result.frame))
    return RoundReport(
        round_id, row.title, commitment, analysis, frame, result.reason, result.by, result.at, result.version
    )


def round_analysis(session: Session, round_id: str) -> dict[str, Any]:
    """The newest analysis alone, with the same errors."""
    return round_report(session, round_id).analysis


def observations_csv(session: Session, round_id: str) -> str:
    """One row per evaluator and item: final verdict, hypothesis, timing, arm and neuron; with the same errors."""
    _unblinded(session, round_id)
    return csv_text(OBSERVATION_COLUMNS, observation_rows(read_unblinded_round(session, round_id).observations))


def unblinded_bundle(session: Session, round_id: str) -> Bundle:
    """Everything that goes into the export, with the same errors."""
    row, result = _unblinded(session, round_id)
    found = read_unblinded_round(session, round_id)
    items = round_store.items_of_round(session, round_id)
    contents = [json.loads(one.content) for one in items]
    return Bundle(
        round_id=round_id,
        title=row.title,
        state=row.state,
        design=json.loads(row.design),
        items=contents,
        opened=json.loads(result.opened),
        commitment=_commitment(session, row, [[one.code, one.digest] for one in items]),
        judgments=_judgments(session, round_id),
        events=_events(session, round_id),
        evaluators=_evaluators(session, round_id),
        observations=found.observations,
        frame=found.frame,
        analysis=json.loads(result.analysis),
    )


def blinded_bundle(session: Session, round_id: str) -> Bundle:
    """What may leave before unblinding: items, commitment, log, pseudonyms; chains once the round is locked.

    Raises NotFoundError, or LifecycleError for a round that was never sealed.
    """
    row = round_store.find_round(session, round_id)
    items = round_store.items_of_round(session, round_id)
    if not items or row.commitment is None:
        msg = f"This round is {row.state}. There is something to export once it is sealed."
        raise LifecycleError(msg)
    return Bundle(
        round_id=round_id,
        title=row.title,
        state=row.state,
        design=json.loads(row.design),
        items=[json.loads(one.content) for one in items],
        opened=None,
        commitment=_commitment(session, row, [[one.code, one.digest] for one in items]),
        judgments=_judgments(session, round_id) if row.state in LOCKED else [],
        events=_events(session, round_id),
        evaluators=_evaluators(session, round_id),
        public_design=dict(row.public_design),
    )


def record_export(session: Session, round_id: str, by: str, name: str, content: bytes, now: datetime) -> None:
    """Write into the log that an export left the server, under which name and digest."""
    log.append_event(session, round_id, by, "exported", {"file": name, "sha256": sha256(content)}, now)


def export_file_name(round_id: str, *, blinded: bool) -> str:
    """An export says in its name whether it holds the arms."""
    return f"first-glance-{round_id}-{'blinded' if blinded else 'unblinded'}.zip"


def _unblinded(session: Session, round_id: str) -> tuple[RoundRow, UnblindedRow]:
    row = round_store.find_round(session, round_id)
    result = newest_unblinded(session, round_id)
    if result is None:
        msg = f"This round is {row.state}. There is a report only after unblinding."
        raise LifecycleError(msg)
    return row, result


def _commitment(session: Session, row: RoundRow, items: list[list[str]]) -> dict[str, Any]:
    return {
        "commitment": row.commitment,
        "design_sha256": sha256(row.design.encode()),
        "sealed_sha256": find_seal(session, row.id).sealed_sha256,
        "items": items,
    }


def _judgments(session: Session, round_id: str) -> list[dict[str, Any]]:
    return [
        {"evaluator": who.name, "number": row.number, "chain": row.chain, "judgment": judgment_entry(who.name, row)}
        for who, row in round_store.judgments_of_round(session, round_id)
    ]


def _events(session: Session, round_id: str) -> list[dict[str, Any]]:
    return [
        {"number": row.number, "chain": row.chain, "event": event_entry(round_id, row)}
        for row in log_store.events_of_round(session, round_id)
    ]


def _evaluators(session: Session, round_id: str) -> list[dict[str, Any]]:
    """Pseudonyms only; someone who asked to be erased stays, without a name that they chose."""
    aids = round_store.aids_opened(session, round_id)
    return [
        {
            "evaluator": row.name,
            "exposed": row.exposed,
            "joined_at": row.joined_at and row.joined_at.isoformat(),
            "erased": row.erased_at is not None,
            "aids_opened": " ".join(aids.get(row.id, ())),
        }
        for row in round_store.evaluators_of_round(session, round_id)
    ]
