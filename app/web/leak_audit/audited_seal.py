"""Seals a round with the pages that evaluators see, and audits these pages before a seal and after unblinding."""

import threading
from collections.abc import Callable, Iterator, Sequence
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
from app.services.aids_keys import AidsKeys
from app.services.cancelled_seals import CancelledSeal, reason_of, write_down
from app.services.keyholders import proved_layers
from app.services.leak_audit import PROBES, WALKS, Walk, audit_opened_round, audit_prepared_seal
from app.services.log import logged_attempt, logged_refusal
from app.services.round_keys import RoundKeys
from app.services.running_seal import Listener, RunningSeal
from app.services.seal_runs import SILENCE, claim_run, end_run
from app.services.seals import (
    BegunSeal,
    PreparedSeal,
    SealOptions,
    begin_seal,
    prepare_seal,
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
from app.web.leak_audit.probe import OnItem, ignore_item, walk_as_probes
from app.web.site import build_site

Clock = Callable[[], datetime]
"""A function that returns this moment."""


@dataclass(frozen=True)
class SealRequest:
    """How a round is to be sealed; the keys are those that were proved for it."""

    public_value: str = ""
    """The public value that completes the seed, if the design has one complete it."""
    audited: bool = True
    """Whether the seal is stored only if the leak audit passes."""


def seal_with_real_pages(session: Session, settings: Settings, round_id: str, by: str, now: datetime) -> SealedDetail:
    """Draw the items, render the pages that evaluators see, and close the seal without an audit."""
    options = _seal_options(session, settings, round_id, SealRequest())
    return seal_round(session, round_id, render_passages, by, now, options)


@dataclass(frozen=True)
class StartedSeal:
    """A seal whose draw is logged, and which is the only one of its round that is being made."""

    begun: BegunSeal
    seal_options: SealOptions
    seal_request: SealRequest
    by: str
    run_code: str
    """The code of its run."""

    def cancelled_because(self, reason: str) -> CancelledSeal:
        """This seal as one that ended without being stored."""
        return CancelledSeal(self.begun.round_id, self.run_code, self.begun.draw.detail, self.by, reason)


def start_seal(
    database: Database, settings: Settings, round_id: str, seal_request: SealRequest, by: str, now: datetime
) -> StartedSeal:
    """Check whatever can be mistyped or missing, log the draw and claim the round's only run.

    What is refused here costs no draw, and the refusal is logged. Raises LifecycleError, SealError or ArchiveError.
    """
    with logged_refusal(database, round_id, by, "seal", now):
        with database.reading() as session:
            options = _seal_options(session, settings, round_id, seal_request)
            archives = verified_round_archives(session, round_id)
        with database.writing() as session:
            round_store.find_round(session, round_id, for_update=True)
            run_code = claim_run(session, round_id, by, now)
            begun = begin_seal(session, round_id, archives, by, now, options)
    return StartedSeal(begun, options, seal_request, by, run_code)


def finish_seal(
    database: Database,
    settings: Settings,
    started: StartedSeal,
    running: RunningSeal,
    clock: Clock,
) -> tuple[SealedDetail, AuditSummary | None]:
    """Make the items, audit their pages, and store the seal. Raises SealError that names the leak if there is one.

    Until the one transaction that stores the seal, everything is in memory only. Any error is logged and stored as the
    run's outcome.
    """
    with running.beating(), _cancelled_on_error(database, started, clock):
        prepared = prepare_seal(started.begun, render_passages, started.seal_options.measure)
        audit = _audit_prepared_seal(prepared, settings, running, clock()) if started.seal_request.audited else None
        running.report("storing the seal")
        stored, run_code = audit.model_dump(mode="json") if audit else None, started.run_code
        with database.writing() as session:
            sealed = store_seal(session, prepared, started.by, clock(), started.seal_options, stored, run_code)
            end_run(session, prepared.round_id, run_code, clock())
        return sealed, audit


def seal_in_this_process(
    database: Database,
    settings: Settings,
    round_id: str,
    seal_request: SealRequest,
    by: str,
    clock: Clock,
    listener: Listener | None = None,
) -> tuple[SealedDetail, AuditSummary | None]:
    """Seal a round and wait for the end, telling `listener` each step."""
    started = start_seal(database, settings, round_id, seal_request, by, clock())
    running = RunningSeal(database, round_id, started.run_code, listener, threading.Event())
    return finish_seal(database, settings, started, running, clock)


def audit_unblinded_round(
    database: Database, settings: Settings, round_id: str, by: str, now: datetime
) -> AuditSummary:
    """Audit an unblinded round with its opened allocation. Raises LifecycleError if it is not unblinded."""
    with logged_attempt(database, round_id, by, "audit", now) as session:
        return audit_opened_round(session, round_id, _walk_through(settings), by, now)


def _audit_prepared_seal(
    prepared: PreparedSeal, settings: Settings, running: RunningSeal, now: datetime
) -> AuditSummary:
    """The summary of an audit that passed. Raises SealError that names the leak if there is one."""
    audit = audit_prepared_seal(prepared, _reporting_walk(settings, running, len(prepared.item_rows)), now)
    if not audit.passed:
        msg = f"The audit found a leak, so nothing was sealed: {audit.complaint}. Mend it and seal again."
        raise SealError(msg)
    return audit


@contextmanager
def _cancelled_on_error(database: Database, started: StartedSeal, clock: Clock) -> Iterator[None]:
    """If the seal is not stored because of any error, the log and the run say why.

    Raises SealError that says how long to wait if the database takes nothing.
    """
    try:
        yield
    except BaseException as error:
        cancelled = started.cancelled_because(reason_of(error))
        if not write_down(database, cancelled, clock) and isinstance(error, Exception):
            msg = (
                f"{cancelled.reason} Nothing was sealed, and the log could not be told why. So the seal counts as "
                f"under way for a while: wait {SILENCE.seconds} seconds before you seal the round again."
            )
            raise SealError(msg) from error
        raise


def _seal_options(session: Session, settings: Settings, round_id: str, seal_request: SealRequest) -> SealOptions:
    """Options of a seal that gives all responses one length, as the evaluators' pages are served.

    Whatever can be mistyped or missing is read here, before anything is drawn: a draw that is thrown away counts. The
    keys that will sign the round's receipts and encrypt its aids are made here, in the data folder. Raises
    NotFoundError if there is no such round, LifecycleError if it cannot be sealed, and SealError or StorageError with
    what to do.
    """
    require_allowed(round_store.find_round(session, round_id).state, "seal")
    proved_layers(session, round_id)
    signing_key = RoundKeys.in_data_folder(settings.data).made_or_read(round_id)
    return SealOptions(
        signing_key.public_key,
        AidsKeys.in_data_folder(settings.data).made_or_read(round_id),
        measure=response_sizes,
        public_value=seal_request.public_value,
        data_folder=settings.data,
    )


def _walk_through(settings: Settings, on_item: OnItem = ignore_item) -> Walk:
    """A walk through the evaluators' pages, served in this process."""

    def walk(round_copy: Database, probes: Sequence[Probe]) -> ProbeWalks:
        site = build_site((enrolment.router, judging_pages.router), settings, round_copy)
        return walk_as_probes(site, probes, on_item)

    return walk


def _reporting_walk(settings: Settings, running: RunningSeal, item_count: int) -> Walk:
    """A walk that reports how many items its probes have judged, over the walks that every audit takes."""
    walk_count, total = 0, WALKS * PROBES * item_count

    def walk(round_copy: Database, probes: Sequence[Probe]) -> ProbeWalks:
        nonlocal walk_count
        before = walk_count * PROBES * item_count
        judged_pages: set[tuple[int, str]] = set()

        def note_item(probe_index: int, item_code: str) -> None:
            judged_pages.add((probe_index, item_code))
            running.report("reading every page as evaluators will", min(before + len(judged_pages), total), total)

        walks = _walk_through(settings, note_item)(round_copy, probes)
        walk_count += 1
        running.report("comparing what the pages give away")
        return walks

    return walk
