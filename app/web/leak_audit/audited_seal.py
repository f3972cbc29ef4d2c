"""Seals a round with the pages that evaluators see, and audits these pages before a seal and after unblinding."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.evidence.event_details import SealedDetail
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.leak_audit.responses import ProbeWalks
from app.leak_audit.summary import AuditSummary
from app.rounds.lifecycle import require_allowed
from app.services.leak_audit import Walk, audit_opened_round, audit_prepared_seal
from app.services.log import logged_attempt, logged_refusal
from app.services.round_keys import RoundKeys
from app.services.seals import (
    BegunSeal,
    SealOptions,
    begin_seal,
    log_cancelled_seal,
    prepare_seal,
    require_keyholders,
    seal_round,
    store_seal,
    verified_round_archives,
)
from app.store import rounds as round_store
from app.store.engine import Database
from app.store.round_copy import Probe
from app.web.evaluator import enrolment, judging_pages
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.probe import walk_as_probes
from app.web.site import build_site


@dataclass(frozen=True)
class SealRequest:
    """Who can open the seal, and the public value that completes the seed if the design has one complete it."""

    recipients: Sequence[str]
    """Public keys; the key of any one opens the seal."""
    second_person: Sequence[str] = ()
    """Public keys of a second person; if there are any, opening the seal needs a key of each person."""
    public_value: str = ""


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
    options = _seal_options(session, settings, round_id, SealRequest(recipients, second_person))
    return seal_round(session, round_id, recipients, render_passages, by, now, options)


def audited_seal(
    database: Database,
    settings: Settings,
    round_id: str,
    seal_request: SealRequest,
    by: str,
    now: datetime,
) -> tuple[SealedDetail, AuditSummary]:
    """Draw the items, audit their pages, and store the seal. Raises SealError that names the leak if there is one.

    Between the transaction that logs the draw and the one that stores the seal everything is in memory only.
    """
    with _begun_seal(database, settings, round_id, seal_request, by, now) as (begun, options):
        prepared = prepare_seal(begun, render_passages, options.measure)
        audit = audit_prepared_seal(prepared, _walk_through(settings), now)
        if not audit.passed:
            msg = f"The audit found a leak, so nothing was sealed: {audit.complaint}. Mend it and seal again."
            raise SealError(msg)
        with database.writing() as session:
            stored = audit.model_dump(mode="json")
            return store_seal(session, prepared, seal_request.recipients, by, now, options, stored), audit


def seal_without_audit(
    database: Database,
    settings: Settings,
    round_id: str,
    seal_request: SealRequest,
    by: str,
    now: datetime,
) -> SealedDetail:
    """Seal a round as `audited_seal` does, without the audit."""
    with _begun_seal(database, settings, round_id, seal_request, by, now) as (begun, options):
        prepared = prepare_seal(begun, render_passages, options.measure)
        with database.writing() as session:
            return store_seal(session, prepared, seal_request.recipients, by, now, options)


def audit_unblinded_round(
    database: Database, settings: Settings, round_id: str, by: str, now: datetime
) -> AuditSummary:
    """Audit an unblinded round with its opened allocation. Raises LifecycleError if it is not unblinded."""
    with logged_attempt(database, round_id, by, "audit", now) as session:
        return audit_opened_round(session, round_id, _walk_through(settings), by, now)


@contextmanager
def _begun_seal(
    database: Database, settings: Settings, round_id: str, seal_request: SealRequest, by: str, now: datetime
) -> Iterator[tuple[BegunSeal, SealOptions]]:
    """A seal whose draw is logged; if it is not stored because of any error, the log says why."""
    with logged_refusal(database, round_id, by, "seal", now):
        with database.reading() as session:
            options = _seal_options(session, settings, round_id, seal_request)
            archives = verified_round_archives(session, round_id)
        with database.writing() as session:
            begun = begin_seal(session, round_id, archives, by, now, options)
    try:
        yield begun, options
    except BaseException as error:
        with database.writing() as session:
            log_cancelled_seal(session, round_id, begun.draw.detail, by, str(error) or type(error).__name__, now)
        raise


def _seal_options(session: Session, settings: Settings, round_id: str, seal_request: SealRequest) -> SealOptions:
    """Options of a seal that gives all responses one length, as the evaluators' pages are served.

    Whatever can be mistyped or missing is read here, before anything is drawn: a draw that is thrown away counts. The
    key that will sign the round's receipts is made here, in the data folder. Raises NotFoundError if there is no such
    round, LifecycleError if it cannot be sealed, and SealError or StorageError with what to do.
    """
    require_allowed(round_store.find_round(session, round_id).state, "seal")
    require_keyholders(seal_request.recipients, seal_request.second_person)
    signing_key = RoundKeys.in_data_folder(settings.data).for_seal(round_id)
    return SealOptions(
        signing_key.public_key,
        seal_request.second_person,
        measure=response_sizes,
        public_value=seal_request.public_value,
        data_folder=settings.data,
    )


def _walk_through(settings: Settings) -> Walk:
    """A walk through the evaluators' pages, served in this process."""

    def walk(round_copy: Database, probes: Sequence[Probe]) -> ProbeWalks:
        return walk_as_probes(build_site((enrolment.router, judging_pages.router), settings, round_copy), probes)

    return walk
