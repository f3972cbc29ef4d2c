"""The export of a round as a file: logged as soon as it can be written, so that nobody has one without a line."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from errno import EISDIR
from pathlib import Path

from app.foundation.clock import now
from app.foundation.errors import ExportError
from app.foundation.private import write_private_bytes
from app.foundation.settings import Settings
from app.report.export.bundle import BlindedBundle, UnblindedBundle, blinded_zip, unblinded_zip
from app.services import exports
from app.services.archive_browsing import break_blind, open_rounds_beside, require_no_open_round
from app.services.opened_database import named_or_only_admin, open_database
from app.services.results_read import logged_reading
from app.services.round_keys import RoundKeys, missing_key_warning, require_key_as_committed, round_signing_key
from app.services.unblinding import find_unblinded
from app.store.engine import Database


@dataclass(frozen=True)
class ExportRequest:
    """Which export is to be written, and where."""

    path: Path
    blinded: bool = False
    """Whether it holds only what may be known before unblinding: no arms, and no verdicts before the lock."""
    break_blind_because: str | None = None
    """Why it is written although another round on the same models is open; the log of that round keeps it."""


def write_export(settings: Settings, round_id: str, export_request: ExportRequest, by: str | None) -> str | None:
    """Write a round's export and log it; return what the user should know if the round's key is lost.

    Raises LifecycleError, AccessError while another round on the same models is open, or ExportError if the file
    cannot be written.
    """
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
            round_keys = RoundKeys.in_data_folder(settings.data)
            require_key_as_committed(session, round_id, round_keys)
            signing_key = round_signing_key(session, round_id, round_keys)
            warning = missing_key_warning(session, round_id, round_keys)
        bundle = _bundle(database, round_id, export_request, admin)
        if isinstance(bundle, UnblindedBundle):
            zip_bytes = unblinded_zip(bundle, signing_key)
        else:
            zip_bytes = blinded_zip(bundle, signing_key)
        name, blinded = _name_as_text(export_request.path), export_request.blinded

        def record() -> None:
            with database.writing() as session:
                exports.record_export(session, round_id, admin, name, zip_bytes, now(), blinded=blinded)

        _write_logged(export_request.path, zip_bytes, record)
    return warning


def _bundle(
    database: Database, round_id: str, export_request: ExportRequest, admin: str
) -> BlindedBundle | UnblindedBundle:
    """What the export consists of; that an unblinded one is refused is logged."""
    if export_request.blinded:
        with database.reading() as session:
            return exports.blinded_bundle(session, round_id)
    with logged_reading(database, round_id, admin, "export.zip", now()):
        _require_no_open_round(database, round_id, admin, export_request.break_blind_because)
        with database.reading() as session:
            return exports.unblinded_bundle(session, round_id)


def _require_no_open_round(database: Database, round_id: str, admin: str, reason: str | None) -> None:
    """Refuse the export while another round on the same models is open; with a reason, break its blind."""
    with database.writing() as session:
        find_unblinded(session, round_id)  # a refusal for its state breaks no other round's blind
        if reason is not None:
            break_blind(session, open_rounds_beside(session, round_id, admin), admin, reason, now())
        require_no_open_round(session, round_id, admin)


def _write_logged(path: Path, zip_bytes: bytes, record: Callable[[], None]) -> None:
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
