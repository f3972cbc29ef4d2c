"""`firstglance export`: a round in one zip file that anyone can verify."""

import os
from collections.abc import Callable
from errno import EISDIR
from pathlib import Path

import click

from app.cli.database import named_or_only_admin, open_database
from app.cli.options import PATH, break_blind_option, by_option, round_argument
from app.cli.printing import print_text
from app.foundation.clock import now
from app.foundation.errors import ExportError
from app.foundation.private import write_private_bytes
from app.foundation.settings import Settings
from app.report.export.bundle import BlindedBundle, UnblindedBundle, blinded_zip, unblinded_zip
from app.services import exports
from app.services.archive_browsing import break_blind, open_rounds_beside, require_no_open_round
from app.services.results_read import logged_reading
from app.services.round_keys import RoundKeys, missing_key_warning, require_key_as_committed, round_signing_key
from app.services.unblinding import find_unblinded
from app.store.engine import Database


@click.command("export")
@round_argument
@click.option("--out", type=PATH, required=True, help="The zip file to write.")
@click.option(
    "--blinded",
    is_flag=True,
    help="Write what may be known before unblinding: no arms, and no verdicts before the lock.",
)
@break_blind_option
@by_option
@click.pass_obj
def export_command(
    settings: Settings, round_id: str, out: Path, blinded: bool, reason: str | None, by: str | None
) -> None:
    """Write a round's export, with all judgments, the allocation, all numbers and a verifier. The export is logged."""
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
            round_keys = RoundKeys.in_data_folder(settings.data)
            require_key_as_committed(session, round_id, round_keys)
            signing_key = round_signing_key(session, round_id, round_keys)
            warning = missing_key_warning(session, round_id, round_keys)
        bundle = (
            _blinded_bundle(database, round_id) if blinded else _unblinded_bundle(database, round_id, admin, reason)
        )
        if isinstance(bundle, UnblindedBundle):
            zip_bytes = unblinded_zip(bundle, signing_key)
        else:
            zip_bytes = blinded_zip(bundle, signing_key)

        def record() -> None:
            with database.writing() as session:
                exports.record_export(session, round_id, admin, _name_as_text(out), zip_bytes, now(), blinded=blinded)

        _write_export(out, zip_bytes, record)
    if warning is not None:
        print_text(warning)
    print_text("{0}  check it with `firstglance verify {0}`".format(click.format_filename(out)))


def _blinded_bundle(database: Database, round_id: str) -> BlindedBundle:
    with database.reading() as session:
        return exports.blinded_bundle(session, round_id)


def _unblinded_bundle(database: Database, round_id: str, admin: str, reason: str | None) -> UnblindedBundle:
    """What an unblinded export consists of; a refusal is logged."""
    with logged_reading(database, round_id, admin, "export.zip", now()):
        _require_no_open_round(database, round_id, admin, reason)
        with database.reading() as session:
            return exports.unblinded_bundle(session, round_id)


def _require_no_open_round(database: Database, round_id: str, admin: str, reason: str | None) -> None:
    """Refuse the export while another round with the same neurons is open; with a reason, break its blind."""
    with database.writing() as session:
        find_unblinded(session, round_id)  # a refusal for its state breaks no other round's blind
        if reason is not None:
            break_blind(session, open_rounds_beside(session, round_id, admin), admin, reason, now())
        require_no_open_round(session, round_id, admin)


def _write_export(path: Path, zip_bytes: bytes, record: Callable[[], None]) -> None:
    """Log an export as soon as it can be written, then write its bytes atomically: nobody has it without a line.

    Raises ExportError if it cannot be written.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(EISDIR, os.strerror(EISDIR))
        write_private_bytes(path, zip_bytes, record)
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}); choose another file with --out"
        raise ExportError(msg) from error


def _name_as_text(path: Path) -> str:
    """The file's name with a question mark for every byte of it that is no text."""
    return path.name.encode("utf-8", "replace").decode()
