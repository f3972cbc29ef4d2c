"""A round, from its design to its export: the steps that the command line has, taken from Python.

Nobody is signed in here. So the log says of every step what it says of commands in the shell, and a seal that two
people must open is opened on the round's page.
"""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from sqlalchemy.orm import Session

from app.archive.archive import Archive
from app.foundation.clock import now
from app.foundation.errors import DesignError, FirstGlanceError, InputError
from app.foundation.settings import Settings
from app.foundation.typography import shortened
from app.rounds.design import Design
from app.rounds.lifecycle import State, require_allowed
from app.services import rounds
from app.services.export_files import ExportRequest, write_export
from app.services.key_files import read_key_file
from app.services.log import lock_digest
from app.services.logged_step import StepResult, run_step
from app.services.new_keys import are_kept_for_draft, proved_keys_in
from app.services.opened_database import named_or_only_admin, open_database
from app.services.preregistration import round_preregistration
from app.services.read_reports import read_observations, read_report
from app.services.rounds import RoundProgress as RoundProgress
from app.services.signed_results import correct_and_sign, unblind_and_sign
from firstglance.data_folder import require_data, settings_of
from firstglance.extras import needed_extra
from firstglance.results import Result as Result
from firstglance.results import observations_frame

if TYPE_CHECKING:
    import pandas as pd

    from app.services.seal_runs import SealProgress

FIRST_ADMIN = "admin"
"""The name of the admin of a new data folder, unless another is given."""
SEAL_AGAIN = "Seal it again without keys_to."
KEYS_STAY = (
    "Stopped: nothing was sealed. The keys in {key_file} stay there, proved for the round, and open its next seal, "
    f"also if that one gets keys of its own. {SEAL_AGAIN} Or take them off the list on the round's page of keys first."
)
SHORT_OF_TARGET = (
    "The round has fewer judgments than its design asks for, and after the lock none can be added. Wait for the rest, "
    "or lock it with early=True: the report will say that the round was stopped early."
)
HERE = "http://127.0.0.1:8000"
"""The address of a server on this machine."""
ReportSealStep = Callable[[str, int, int], None]
"""A function that is told what a seal does, how many parts of it are done, and of how many: 0 if nobody knows."""


@dataclass(frozen=True)
class SealedRound:
    """What a seal gives: the commitment to publish, and what the leak audit found."""

    commitment: str
    """Publish it before the first judgment."""
    audited: bool
    """Whether the leak audit ran; it passed then, or nothing would be sealed."""
    warning: str = ""
    """What the audit noticed that stops no seal; empty if nothing."""


@dataclass(frozen=True)
class InvitedEvaluator:
    """Somebody who was invited, and their link, which is shown only now and stored nowhere."""

    name: str
    """The pseudonym as it is stored."""
    link: str
    """The invitation link; whoever has it can judge under this name."""
    exposed_because: tuple[str, ...] = ()
    """Why the evaluator counts as exposed; empty for a naive one."""


class Round:
    """A round in a data folder or a database. `create` makes one, `load` finds one that is there.

    Without `data` it is the folder `data`, or the one that FIRSTGLANCE_DATA names; without `database_url` the database
    is SQLite in that folder. `by` is the admin who acts, whose name the log keeps; it is needed if there are several.
    """

    id: str
    """The round's id, which `load` finds it by."""

    def __init__(self, round_id: str, settings: Settings, by: str | None) -> None:
        self.id = round_id
        self._settings, self._by = settings, by

    @classmethod
    def create(
        cls,
        design: Design,
        archives: Iterable[Archive | str | Path],
        *,
        data: str | Path | None = None,
        database_url: str | None = None,
        by: str | None = None,
    ) -> Self:
        """Store a draft of a round from archives, which stay where they are.

        A data folder without an admin gets one, named `by`, or “admin”; `firstglance admin password` gives them a
        password for the pages. Raises DesignError or ArchiveError if the round cannot be drawn as designed.
        """
        if not isinstance(design, Design):
            msg = "a round is made of a Design and of its archives; make a design first, as Design.from_preset does"
            raise DesignError(msg)
        settings = settings_of(data, database_url)
        opened = [archive if isinstance(archive, Archive) else Archive.open(archive) for archive in archives]
        paths = {archive.sha256: archive.path.resolve() for archive in opened}
        with open_database(settings) as database, database.writing() as session:
            admin = _admin(session, by)
            return cls(rounds.create_round(session, design, paths, admin, now()), settings, admin)

    @classmethod
    def load(
        cls, round_id: str, *, data: str | Path | None = None, database_url: str | None = None, by: str | None = None
    ) -> Self:
        """The round with this id. Raises NotFoundError if there is none, SettingsError if the data folder is none."""
        study = cls(round_id, require_data(settings_of(data, database_url)), by)
        study.progress()
        return study

    @classmethod
    def all(
        cls, *, data: str | Path | None = None, database_url: str | None = None, by: str | None = None
    ) -> list[Self]:
        """Every round of a data folder, the newest first, abandoned ones too. Raises SettingsError if it is none."""
        settings = require_data(settings_of(data, database_url))
        with open_database(settings) as database, database.reading() as session:
            return [cls(summary.id, settings, by) for summary in rounds.list_rounds(session)]

    @property
    def design(self) -> Design:
        """The design as it is stored."""
        with open_database(self._settings) as database, database.reading() as session:
            return rounds.round_design(session, self.id)

    @property
    def state(self) -> State:
        """The state: draft, sealed, collecting, locked, unblinded or abandoned."""
        return self.progress().state

    def progress(self) -> RoundProgress:
        """State, digests, and how many items each evaluator has judged; never which verdicts. Raises NotFoundError."""
        with open_database(self._settings) as database, database.reading() as session:
            return rounds.round_progress(session, self.id)

    def seal(
        self,
        keys_to: str | Path | None = None,
        *,
        audited: bool = True,
        public_value: str = "",
        progress: ReportSealStep | None = None,
    ) -> SealedRound:
        """Draw, make the items, run the leak audit, and encrypt who is who.

        `keys_to` is a new file for two new keys, either of which opens the seal: keep a copy elsewhere. Without it the
        round is sealed to the keys that were named and proved for it. `public_value` completes the seed of a design
        that says so. Raises SealError that names the leak, or what is missing; then nothing is sealed.
        """
        with needed_extra("web"):
            from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

        def listen(seal_progress: "SealProgress") -> None:
            if progress is not None:
                progress(seal_progress.step, seal_progress.done, seal_progress.total)

        request = SealRequest(public_value=public_value, audited=audited)
        key_file = None if keys_to is None else Path(keys_to)
        keys = proved_keys_in(key_file, self._settings, self.id, self._by, _warn, SEAL_AGAIN)
        stopped = _told_of_kept_keys(key_file, self._settings, self.id)
        with stopped, keys, open_database(self._settings) as database:
            with database.reading() as session:
                admin = named_or_only_admin(session, self._by)
            sealed, audit = seal_in_this_process(database, self._settings, self.id, request, admin, now, listen)
        return SealedRound(sealed.commitment, audit is not None, audit.warning if audit else "")

    def preregistration(self) -> str:
        """The design and its analysis plan in Markdown, for a registry; it names the arms. Raises LifecycleError."""
        with open_database(self._settings) as database, database.reading() as session:
            return round_preregistration(session, self.id)

    def open(self) -> None:
        """Let evaluators begin. Raises LifecycleError unless the round is sealed."""
        self._take("open", lambda session, admin: rounds.open_round(session, self.id, admin, now()))

    def invite(self, name: str, *, exposed: bool = False, address: str = HERE) -> InvitedEvaluator:
        """Invite an evaluator under a pseudonym. Say `exposed` of whoever held a key, or saw these models unblinded.

        `address` is that at which evaluators reach the server. Raises LifecycleError, or InputError for the name.
        """
        if not isinstance(name, str):
            msg = f"A pseudonym is a text, and {shortened(repr(name))} is none; put it in quotes."
            raise InputError(msg)
        with needed_extra("web"):
            from app.web.addresses import invitation_link
        invitation = self._take(
            "invite",
            lambda session, admin: rounds.invite_evaluator(session, self.id, name, exposed, admin, now()),
        )
        link = invitation_link(address, invitation.token)
        return InvitedEvaluator(invitation.pseudonym, link, invitation.exposed_because)

    def lock(self, *, early: bool = False) -> str:
        """End judging for good, and return the lock's digest: publish it before the unblinding.

        Raises LifecycleError, and InputError if judgments are missing, unless it is to be locked `early`.
        """

        def lock(session: Session, admin: str) -> str | None:
            require_allowed(rounds.round_progress(session, self.id).state, "lock")
            if rounds.is_short_of_target(session, self.id) and not early:
                raise InputError(SHORT_OF_TARGET)
            rounds.lock_round(session, self.id, admin, now())
            return lock_digest(session, self.id)

        return str(self._take("lock", lock))

    def unblind(self, keys: str | Path | Sequence[str | Path], *, reason: str) -> Result:
        """Open the seal of a locked round with a key file, once, check it, and run the analysis.

        The log keeps the `reason`. Raises LifecycleError, and SealError if the keys do not open the seal, or if
        anything was changed since the commitment.
        """
        key_files = [keys] if isinstance(keys, str | Path) else keys
        identities = [identity for key_file in key_files for identity in read_key_file(Path(key_file))]
        data = self._settings.data
        self._take(
            "unblind", lambda session, admin: unblind_and_sign(session, self.id, identities, admin, reason, data)
        )
        return self.result()

    def correct(self, *, reason: str) -> Result:
        """Analyse an unblinded round again with this version of First Glance; earlier results are kept."""
        data = self._settings.data
        self._take("correct", lambda session, admin: correct_and_sign(session, self.id, admin, reason, data))
        return self.result()

    def abandon(self, *, reason: str) -> None:
        """Give the round up; it stays in the list, as abandoned. Raises LifecycleError after the unblinding."""
        self._take("abandon", lambda session, admin: rounds.abandon_round(session, self.id, admin, reason, now()))

    def result(self) -> Result:
        """The newest result, from checked evidence; the log says who has read it.

        Raises LifecycleError before the unblinding, and SealError naming what was changed in the database.
        """
        with open_database(self._settings) as database:
            report = read_report(self._settings, database, self.id, self._by)
        return Result(report.title, report.commitment, report.analysis, report.frame, unsigned=report.unsigned)

    def observations(self) -> "pd.DataFrame":
        """A table with a row for each evaluator and item: verdict, times, arm and unit; the log says who has read it.

        Raises LifecycleError before the unblinding, and SealError naming what was changed in the database.
        """
        with open_database(self._settings) as database:
            return observations_frame(read_observations(self._settings, database, self.id, self._by))

    def export(self, out: str | Path, *, blinded: bool = False, break_blind_because: str | None = None) -> Path:
        """Write the round's export, which anyone can verify, and log it.

        A `blinded` one has no arms, and no verdicts before the lock. Raises LifecycleError before the unblinding,
        AccessError while another round on the same units is open unless there is a reason to break its blind, and
        ExportError if the file cannot be written.
        """
        warning = write_export(
            self._settings, self.id, ExportRequest(Path(out), blinded, break_blind_because), self._by
        )
        if warning is not None:
            warnings.warn(warning, stacklevel=2)
        return Path(out)

    def _take(self, action: str, change: Callable[[Session, str], StepResult]) -> StepResult:
        """Take one step in one transaction; a refusal is logged."""
        return run_step(self._settings, self.id, self._by, action, change, _warn)

    def __repr__(self) -> str:
        return f"Round.load({self.id!r}, data={str(self._settings.data)!r})"


def _admin(session: Session, by: str | None) -> str:
    """The admin who acts; a database that has none gets its first."""
    with needed_extra("web"):
        from app.services import admins
    if admins.admin_names(session):
        return named_or_only_admin(session, by)
    return admins.add_first_admin(session, by or FIRST_ADMIN, now())


@contextmanager
def _told_of_kept_keys(key_file: Path | None, settings: Settings, round_id: str) -> Iterator[None]:
    """Warn at the line that sealed if a seal that was stopped left its keys on the round's list."""
    try:
        yield
    except BaseException:
        with suppress(FirstGlanceError):
            if key_file is not None and are_kept_for_draft(key_file, settings, round_id):
                warnings.warn(KEYS_STAY.format(key_file=key_file), stacklevel=4)
        raise


def _warn(warning: str) -> None:
    """Warn at the line that took the step: above this are `run_step`, `_take` and the method."""
    warnings.warn(warning, stacklevel=5)
