"""Seals a round with the pages that evaluators see, and audits these pages before a seal and after unblinding."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.event_details import SealedDetail
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.leak_audit.responses import ProbeWalks
from app.leak_audit.summary import AuditSummary
from app.services.leak_audit import Walk, audit_opened_round, audit_pending_seal
from app.services.log import logged_attempt
from app.services.round_keys import RoundKeys
from app.services.seals import SealOptions, begin_seal, cancel_seal, finish_seal, require_keyholders, seal_round
from app.store.engine import Database
from app.store.round_copy import Probe
from app.web.evaluator import enrolment, judging_pages
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.probe import walk_as_probes
from app.web.site import build_site


def seal_with_real_pages(
    session: Session,
    settings: Settings,
    round_id: str,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    second_person: Sequence[str] = (),
) -> SealedDetail:
    """Draw the items, render the pages that evaluators see, and close the seal without an audit.

    With public keys of a second person, opening the seal needs a key of each person.
    """
    options = _real_page_options(settings, round_id, second_person)
    return seal_round(session, round_id, recipients, render_passages, by, now, options)


def audited_seal(
    database: Database,
    settings: Settings,
    round_id: str,
    recipients: Sequence[str],
    by: str,
    now: datetime,
    second_person: Sequence[str] = (),
) -> tuple[SealedDetail, AuditSummary]:
    """Draw the items, audit their pages, and close the seal. Raises SealError that names the leak if there is one.

    `second_person` as in `seal_with_real_pages`. Between the two transactions the allocation is in memory only; if
    anything goes wrong the items are removed.
    """
    require_keyholders(recipients, second_person)
    options = _real_page_options(settings, round_id, second_person)
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


def _real_page_options(settings: Settings, round_id: str, second_person: Sequence[str]) -> SealOptions:
    """Options of a seal that gives all responses one length, as the evaluators' pages are served.

    The key that will sign the round's receipts is made here, in the data folder.
    """
    signing_key = RoundKeys.in_data_folder(settings.data).for_seal(round_id)
    return SealOptions(signing_key.public_key, second_person, measure=response_sizes)


def _walk_through(settings: Settings) -> Walk:
    """A walk through the evaluators' pages, served in this process."""

    def walk(round_copy: Database, probes: Sequence[Probe]) -> ProbeWalks:
        return walk_as_probes(build_site((enrolment.router, judging_pages.router), settings, round_copy), probes)

    return walk
