"""The data of reports and exports: a round's analysis, and the bundle that an export consists of."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.chains import chains_by_evaluator
from app.evidence.checks import check_blinded_evidence
from app.evidence.round_evidence import BlindedEvidence
from app.foundation.digest import sha256, sha256_of_json
from app.foundation.errors import LifecycleError, SealError
from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.export.bundle import BlindedBundle, UnblindedBundle
from app.report.export.observations_csv import write_observations
from app.report.result import result_of
from app.report.result_text import describe_result_step
from app.services.evidence import published_commitment, read_chains, read_items, read_log
from app.services.log import append_event, is_log_locked
from app.services.results import current_result
from app.services.timestamps import exported_timestamps
from app.services.unblinding import unblinded_evidence
from app.store import rounds as round_store


@dataclass(frozen=True)
class RoundReport:
    """The content of the report page."""

    round_id: str
    title: str
    commitment: str
    unsigned: bool
    """Whether the round has a key, which did not sign this result in the log."""
    analysis: Analysis
    frame: AnalysisFrame
    reason: str
    by: str
    at: datetime
    version: int

    @property
    def result_step(self) -> str:
        """A sentence that says who made this version of the result, when and why."""
        return describe_result_step(self.version, self.by, self.at, self.reason)


def round_report(session: Session, round_id: str) -> RoundReport:
    """The newest analysis, and the facts about it that the report page shows.

    Raises NotFoundError, LifecycleError if the round is not unblinded, or SealError naming what was changed in the
    database; so do the functions below.
    """
    current = current_result(session, round_id)
    event = current.event
    return RoundReport(
        round_id=round_id,
        title=current.design.title,
        commitment=current.commitment,
        unsigned=current.unsigned,
        analysis=current.analysis,
        frame=current.frame,
        reason=str(event["detail"].get("reason")),
        by=event["actor"],
        at=datetime.fromisoformat(event["at"]),
        version=int(str(event["detail"].get("version", 1))),
    )


def round_analysis(session: Session, round_id: str) -> Analysis:
    """The newest analysis alone."""
    return round_report(session, round_id).analysis


def observations_csv(session: Session, round_id: str) -> bytes:
    """The observations as CSV: for each evaluator and item, final verdict, hypothesis, times, arm and neuron."""
    current = current_result(session, round_id)
    return write_observations(current.observations, says_what_counts=current.frame.stated_outcome is not None)


def unblinded_bundle(session: Session, round_id: str) -> UnblindedBundle:
    """Everything that goes into the export of an unblinded round: the evidence, and the result that follows from it."""
    evidence = unblinded_evidence(session, round_id)
    return UnblindedBundle(evidence, result_of(evidence), exported_timestamps(session, round_id))


def blinded_bundle(session: Session, round_id: str) -> BlindedBundle:
    """Everything that may be exported before unblinding: items, commitment, log; chains and people after the lock.

    Raises NotFoundError, LifecycleError for a round that was never sealed, or SealError if somebody changed it.
    """
    round_row = round_store.find_round(session, round_id)
    items = round_store.items_of_round(session, round_id)
    if not items or round_row.commitment is None:
        msg = f"This round is {round_row.state}, so there is nothing to export yet. Seal it first."
        raise LifecycleError(msg)
    log = read_log(session, round_id)
    evidence = BlindedEvidence(
        item_contents=read_items(items),
        published=published_commitment(round_row, items, log),
        chains=chains_by_evaluator(read_chains(session, round_id)) if is_log_locked(session, round_id) else {},
        log=log,
    )
    _require_unchanged(evidence, round_row.public_design)
    return BlindedBundle(evidence, round_row.public_design, exported_timestamps(session, round_id))


def _require_unchanged(evidence: BlindedEvidence, public_design: JsonObject) -> None:
    """Raise SealError naming what somebody changed in the database, so that nothing changed is exported and signed."""
    problems = [check.problem for check in check_blinded_evidence(evidence) if not check.ok]
    logged_digest = evidence.sealed.public_design_sha256
    if logged_digest is not None and logged_digest != sha256_of_json(public_design):
        problems.append("The public part of the design was changed after the seal.")
    if problems:
        msg = f"{' '.join(problems)} Nothing is exported; find out who changed it, or restore a backup."
        raise SealError(msg)


def record_export(
    session: Session, round_id: str, by: str, name: str, zip_bytes: bytes, now: datetime, *, blinded: bool
) -> None:
    """Record in the log that an export was made, with its file name and digest, and whether it is blinded."""
    detail: JsonObject = {"file": name, "sha256": sha256(zip_bytes), "blinded": blinded}
    append_event(session, round_id, by, "exported", detail, now)


def export_file_name(round_id: str, *, blinded: bool) -> str:
    """The name of an export's file; it says whether the export is blinded."""
    return f"first-glance-{round_id}-{'blinded' if blinded else 'unblinded'}.zip"
