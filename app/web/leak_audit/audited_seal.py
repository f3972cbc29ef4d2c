"""Seals a round only if the leak audit of its real pages passes; audits a round again after unblinding."""

from collections.abc import Sequence
from datetime import datetime

from app.evidence.event_details import SealedDetail
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.leak_audit.responses import ProbeWalks
from app.leak_audit.summary import AuditSummary
from app.services.leak_audit import Walk, audit_opened_round, audit_pending_seal
from app.services.log import logged_attempt
from app.services.seals import SealOptions, begin_seal, cancel_seal, finish_seal, require_keyholders
from app.store.engine import Database
from app.store.round_copy import Probe
from app.web.evaluator import enrolment, judging_pages
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.probe import walk_as_probes
from app.web.site import build_site


def audited_seal(
    database: Database,
    settings: Settings,
    round_id: str,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    options: SealOptions,
) -> tuple[SealedDetail, AuditSummary]:
    """Draw the items, audit their pages, and close the seal. Raises SealError that names the leak if there is one.

    Between the two transactions the allocation is in memory only; if anything goes wrong the items are removed.
    """
    require_keyholders(recipients, options.second_person)
    with logged_attempt(database, round_id, by, "seal", now) as session:
        pending = begin_seal(session, round_id, render_passages, options)
    try:
        with database.reading() as session:
            audit = audit_pending_seal(session, pending, _walk_through(settings), now)
        if not audit.passed:
            msg = f"The audit found a leak, so nothing was sealed: {audit.complaint}. Mend it and seal again."
            raise SealError(msg)
        with logged_attempt(database, round_id, by, "seal", now) as session:
            stored = audit.model_dump(mode="json")
            return finish_seal(session, pending, recipients, by, now, options, stored), audit
    except BaseException as error:
        with database.writing() as session:
            cancel_seal(session, pending, by, str(error) or type(error).__name__, now)
        raise


def audit_unblinded_round(
    database: Database, settings: Settings, round_id: str, by: str, now: datetime
) -> AuditSummary:
    """Audit an unblinded round with its opened allocation. Raises LifecycleError if it is not unblinded."""
    with logged_attempt(database, round_id, by, "audit", now) as session:
        return audit_opened_round(session, round_id, _walk_through(settings), by, now)


def _walk_through(settings: Settings) -> Walk:
    """A walk through the evaluators' pages, served in this process."""

    def walk(round_copy: Database, probes: Sequence[Probe]) -> ProbeWalks:
        return walk_as_probes(build_site((enrolment.router, judging_pages.router), settings, round_copy), probes)

    return walk
