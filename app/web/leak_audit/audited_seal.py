"""Sealing with the audit as its gate, and auditing again after unblinding. The pages audited are the real ones."""

from collections.abc import Sequence
from datetime import datetime

from app.evidence.event_details import SealedDetail
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.leak_audit.features import FetchedResponse
from app.services.leak_audit import Audit, Walk, audit_pending, audit_unblinded
from app.services.log import logged_attempt
from app.services.seals import SealOptions, begin_seal, cancel_seal, finish_seal, require_keyholders
from app.store.engine import Database
from app.store.round_copy import Probe
from app.web.evaluator import enrolment, pages
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.probe import walk
from app.web.site import build_site


def audited_seal(
    database: Database,
    settings: Settings,
    round_id: str,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    options: SealOptions,
) -> tuple[SealedDetail, Audit]:
    """Draw, audit as an evaluator would see it, and close the seal. Raises SealError with the leak if there is one.

    Between the two transactions the allocation is in memory only; if anything goes wrong the items are removed.
    """
    require_keyholders(recipients, options.second_person)
    with logged_attempt(database, round_id, by, "seal", now) as session:
        pending = begin_seal(session, round_id, render_passages, options)
    try:
        with database.reading() as session:
            audit = audit_pending(session, pending, _walker(settings), now)
        if not audit.passed:
            msg = f"The audit found a leak, so nothing was sealed: {audit.complaint}. Mend it and seal again."
            raise SealError(msg)
        with logged_attempt(database, round_id, by, "seal", now) as session:
            return finish_seal(session, pending, recipients, by, now, options, audit.summary), audit
    except BaseException as error:
        with database.writing() as session:
            cancel_seal(session, pending, by, str(error) or type(error).__name__, now)
        raise


def audit_again(database: Database, settings: Settings, round_id: str, by: str, now: datetime) -> Audit:
    """Audit an unblinded round with its opened allocation."""
    with logged_attempt(database, round_id, by, "audit", now) as session:
        return audit_unblinded(session, round_id, _walker(settings), by, now)


def _walker(settings: Settings) -> Walk:
    def visit(shadow: Database, probes: Sequence[Probe]) -> tuple[tuple[FetchedResponse, ...], tuple[bytes, ...]]:
        return walk(build_site((enrolment.router, pages.router), settings, shadow), probes)

    return visit
