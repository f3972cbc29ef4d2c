"""`firstglance export`: a round in one zip file that anyone can verify."""

from pathlib import Path

import click

from app.cli.database import named_or_only_admin, open_database
from app.cli.options import PATH, break_blind_option, by_option, round_argument
from app.cli.printing import print_text
from app.foundation.clock import now
from app.foundation.errors import ExportError
from app.foundation.private import write_private_bytes
from app.foundation.settings import Settings
from app.report.export.bundle import UnblindedBundle, blinded_zip, unblinded_zip
from app.services import exports
from app.services.archive_browsing import break_blind, open_rounds_beside, require_no_open_round
from app.services.round_keys import RoundKeys, missing_key_warning, require_key_as_committed, round_signing_key
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
        if not blinded:
            _require_no_open_round(database, round_id, admin, reason)
        with database.reading() as session:
            bundle = (exports.blinded_bundle if blinded else exports.unblinded_bundle)(session, round_id)
            signing_key = round_signing_key(session, round_id, round_keys)
            warning = missing_key_warning(session, round_id, round_keys)
        if isinstance(bundle, UnblindedBundle):
            zip_bytes = unblinded_zip(bundle, signing_key)
        else:
            zip_bytes = blinded_zip(bundle, signing_key)
        _write_export(out, zip_bytes)
        with database.writing() as session:
            exports.record_export(session, round_id, admin, _name_as_text(out), zip_bytes, now(), blinded=blinded)
    if warning is not None:
        print_text(warning)
    print_text("{0}  check it with `firstglance verify {0}`".format(click.format_filename(out)))


def _require_no_open_round(database: Database, round_id: str, admin: str, reason: str | None) -> None:
    """Refuse the export while another round with the same neurons is open; with a reason, break its blind."""
    with database.writing() as session:
        if reason is not None:
            break_blind(session, open_rounds_beside(session, round_id, admin), admin, reason, now())
        require_no_open_round(session, round_id, admin)


def _write_export(path: Path, zip_bytes: bytes) -> None:
    """Write an export's bytes atomically. Raises ExportError if the folder cannot be written to."""
    try:
        write_private_bytes(path, zip_bytes)
    except OSError as error:
        msg = f"{path} cannot be written ({error.strerror}); choose another file with --out"
        raise ExportError(msg) from error


def _name_as_text(path: Path) -> str:
    """The file's name with a question mark for every byte of it that is no text."""
    return path.name.encode("utf-8", "replace").decode()
