"""The data of reports and exports: a round's analysis, and the bundle that an export consists of."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.entries import ChainLink, event_link
from app.foundation.digest import sha256
from app.foundation.errors import LifecycleError
from app.report.analysis.analysis import Analysis, read_analysis
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.report.export.bundle import BlindedBundle, UnblindedBundle
from app.report.export.observations_csv import write_observations
from app.report.export.tables import ExportedEvaluator
from app.report.result import observations_of, result_of
from app.rounds.commitment import PublishedCommitment
from app.rounds.lifecycle import is_locked
from app.services.evidence import read_chains
from app.services.log import append_event
from app.services.round_keys import committed_receipt_key
from app.services.unblinding import find_unblinded, unblinded_evidence
from app.store import chains as chain_store
from app.store import evaluators as evaluator_store
from app.store import log as log_store
from app.store import rounds as round_store
from app.store.sealed import find_seal


@dataclass(frozen=True)
class RoundReport:
    """The content of the report page."""

    round_id: str
    title: str
    commitment: str
    analysis: Analysis
    frame: AnalysisFrame
    reason: str
    by: str
    at: datetime
    version: int


def round_report(session: Session, round_id: str) -> RoundReport:
    """The newest analysis, and the facts about it that the report page shows.

    Raises NotFoundError, or LifecycleError if the round is not unblinded; so do the functions below.
    """
    round_row, newest = find_unblinded(session, round_id)
    return RoundReport(
        round_id=round_id,
        title=round_row.title,
        commitment=round_row.commitment or "",
        analysis=read_analysis(json.loads(newest.analysis)),
        frame=read_frame(json.loads(newest.frame)),
        reason=newest.reason,
        by=newest.by,
        at=newest.at,
        version=newest.version,
    )


def round_analysis(session: Session, round_id: str) -> Analysis:
    """The newest analysis alone."""
    return round_report(session, round_id).analysis


def observations_csv(session: Session, round_id: str) -> str:
    """The observations as CSV: for each evaluator and item, final verdict, hypothesis, times, arm and neuron."""
    return write_observations(observations_of(unblinded_evidence(session, round_id)))


def unblinded_bundle(session: Session, round_id: str) -> UnblindedBundle:
    """Everything that goes into the export of an unblinded round."""
    round_row, _ = find_unblinded(session, round_id)
    unblinded = result_of(unblinded_evidence(session, round_id))
    blinded = blinded_bundle(session, round_id)
    return UnblindedBundle(
        round_id=blinded.round_id,
        title=blinded.title,
        state=blinded.state,
        public_design=blinded.public_design,
        item_contents=blinded.item_contents,
        commitment=blinded.commitment,
        judgment_links=blinded.judgment_links,
        event_links=blinded.event_links,
        exported_evaluators=blinded.exported_evaluators,
        design_content=json.loads(round_row.design),
        seal=unblinded_evidence(session, round_id).seal,
        observations=unblinded.observations,
        frame=unblinded.frame,
        analysis=unblinded.analysis,
    )


def blinded_bundle(session: Session, round_id: str) -> BlindedBundle:
    """Everything that may be exported before unblinding: items, commitment, log, pseudonyms; chains after the lock.

    Raises NotFoundError, or LifecycleError for a round that was never sealed.
    """
    round_row = round_store.find_round(session, round_id)
    items = round_store.items_of_round(session, round_id)
    if not items or round_row.commitment is None:
        msg = f"This round is {round_row.state}, so there is nothing to export yet. Seal it first."
        raise LifecycleError(msg)
    return BlindedBundle(
        round_id=round_id,
        title=round_row.title,
        state=round_row.state,
        public_design=round_row.public_design,
        item_contents=[json.loads(item.content) for item in items],
        commitment=PublishedCommitment(
            commitment=round_row.commitment,
            design_sha256=sha256(round_row.design.encode()),
            sealed_sha256=find_seal(session, round_id).sealed_sha256,
            item_digests={item.code: item.digest for item in items},
            receipt_key=committed_receipt_key(session, round_id),
        ),
        judgment_links=_judgment_links(session, round_id) if is_locked(round_row.state) else [],
        event_links=[event_link(round_id, row) for row in log_store.events_of_round(session, round_id)],
        exported_evaluators=_exported_evaluators(session, round_id),
    )


def record_export(session: Session, round_id: str, by: str, name: str, zip_bytes: bytes, now: datetime) -> None:
    """Record in the log that an export was made, with its file name and digest."""
    append_event(session, round_id, by, "exported", {"file": name, "sha256": sha256(zip_bytes)}, now)


def export_file_name(round_id: str, *, blinded: bool) -> str:
    """The name of an export's file; it says whether the export is blinded."""
    return f"first-glance-{round_id}-{'blinded' if blinded else 'unblinded'}.zip"


def _judgment_links(session: Session, round_id: str) -> list[ChainLink]:
    return read_chains(session, round_id)


def _exported_evaluators(session: Session, round_id: str) -> list[ExportedEvaluator]:
    """The evaluators by pseudonym; someone whose data were erased is listed without the pseudonym that they chose."""
    return [
        ExportedEvaluator(
            evaluator=row.name,
            exposed=row.exposed,
            joined_at=row.joined_at.isoformat() if row.joined_at else None,
            erased=row.erased_at is not None,
            aids_opened=" ".join(_items_with_aids_opened(session, row.id)),
        )
        for row in evaluator_store.evaluators_of_round(session, round_id)
    ]


def _items_with_aids_opened(session: Session, evaluator_id: str) -> list[str]:
    """Codes of the items, in alphabetical order, which does not reveal when the aids were opened."""
    return sorted(row.item for row in chain_store.entries_of_evaluator(session, evaluator_id, "aids opened"))
