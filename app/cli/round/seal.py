"""`firstglance round seal`: draw neurons, make items, run the leak audit and encrypt the allocation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.database import named_or_only_admin, open_database
from app.cli.key_files import read_key_file, write_key_file
from app.cli.options import PATH, by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.audit import print_audit
from app.cli.round.step import run_logged_step
from app.cli.seal_progress import printed_progress
from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.errors import FirstGlanceError, SealError
from app.foundation.settings import Settings
from app.leak_audit.summary import AuditSummary
from app.services.keyholders import are_proved, name_and_prove, new_key, remove_key
from app.services.rounds import round_progress
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

WHAT_TO_DO = (
    "Publish the commitment before the first judgment: it shows later that design, items and allocation were not\n"
    "changed. In words, for a registry: `firstglance round preregistration {round_id}`"
)


@click.command("seal")
@round_argument
@click.option(
    "--keys-to",
    type=PATH,
    help="Make two keys, write them to this new file, which only you can read, and prove them. Without it the round is "
    "sealed to the keys that `round keys` lists.",
)
@click.option(
    "--audit/--no-audit", "audited", default=True, help="Close the seal only if the leak audit passes (the default)."
)
@click.option(
    "--public-value",
    default="",
    help="The public value that the announcement of the draw named, as it is published now, with letters in lower "
    "case. It completes the seed.",
)
@by_option
@click.pass_obj
def seal_command(
    settings: Settings, round_id: str, by: str | None, audited: bool, public_value: str, keys_to: Path | None
) -> None:
    """Draw neurons, make items, encrypt the allocation to proved keys, print the commitment."""
    with _told_what_remains(keys_to, settings, round_id), _proved_keys_in(keys_to, settings, round_id, by):
        sealed, audit = _seal_round(settings, round_id, by, SealRequest(public_value=public_value, audited=audited))
    print_text(f"commitment {sealed.commitment}\n{WHAT_TO_DO.format(round_id=round_id)}")
    if audit is not None:
        print_audit(audit)
    if keys_to is not None:
        print_text(f"Either key in {keys_to} opens the seal. Store a copy of one of them somewhere else.")


def _seal_round(
    settings: Settings, round_id: str, by: str | None, seal_request: SealRequest
) -> tuple[SealedDetail, AuditSummary | None]:
    """Seal the round, printing the progress on stderr."""
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
        with printed_progress() as listener:
            return seal_in_this_process(database, settings, round_id, seal_request, admin, now, listener)


@contextmanager
def _proved_keys_in(path: Path | None, settings: Settings, round_id: str, by: str | None) -> Iterator[None]:
    """Two new keys in a file, read back from there and proved; if the seal is refused, all of it is undone.

    So a path that was mistyped costs no draw, and no seal is closed whose keys are lost.
    """
    if path is None:
        yield
        return
    _write_new_keys(path, settings, round_id)
    numbers: list[int] = []
    try:
        identities = read_key_file(path)
        run_logged_step(
            settings,
            round_id,
            by,
            "prove key",
            lambda session, admin: numbers.extend(name_and_prove(session, round_id, identities, admin, now())),
        )
        yield
    except FirstGlanceError:  # after anything else, such as an interruption, the round may be sealed all the same
        with suppress(FirstGlanceError):  # a database that refuses this keeps the keys, and so their file stays too
            if numbers:
                run_logged_step(
                    settings,
                    round_id,
                    by,
                    "remove key",
                    lambda session, admin: _remove(session, round_id, numbers, admin),
                )
            path.unlink()
        raise


def _write_new_keys(path: Path, settings: Settings, round_id: str) -> None:
    """Write two keys to a new file. Raises SealError if there is one, and says so if its keys are proved already."""
    try:
        write_key_file(path, [new_key().identity, new_key().identity])
    except SealError as error:
        if not _are_kept_for_draft(path, settings, round_id):
            raise
        msg = f"{path} has two keys that are proved for this round already. Seal it again without --keys-to."
        raise SealError(msg) from error


@contextmanager
def _told_what_remains(keys_to: Path | None, settings: Settings, round_id: str) -> Iterator[None]:
    """After Ctrl+C, say whether the round was sealed, and that keys which were proved for it stay."""
    try:
        yield
    except KeyboardInterrupt:
        print_text(f"\n{_what_remains(keys_to, settings, round_id)}", err=True)
        raise


def _what_remains(keys_to: Path | None, settings: Settings, round_id: str) -> str:
    with open_database(settings) as database, database.reading() as session:
        state = round_progress(session, round_id).state
    if state != "draft":
        return f"The seal was stored before you stopped it: the round is {state}."
    if keys_to is None or not _are_kept_for_draft(keys_to, settings, round_id):
        return "Stopped: nothing was sealed."
    return (
        f"Stopped: nothing was sealed. The keys in {keys_to} stay there, proved for the round. Seal it again without "
        "--keys-to."
    )


def _are_kept_for_draft(path: Path, settings: Settings, round_id: str) -> bool:
    """Whether the keys in a file are proved for the round, which is not sealed yet."""
    with suppress(SealError), open_database(settings) as database, database.reading() as session:
        return round_progress(session, round_id).state == "draft" and are_proved(session, round_id, read_key_file(path))
    return False


def _remove(session: Session, round_id: str, numbers: Sequence[int], admin: str) -> None:
    """Take keys whose file is deleted off the list, unless the round is no draft any more."""
    for number in numbers:
        remove_key(session, round_id, number, admin, now())
