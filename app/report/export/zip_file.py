"""Writes and reads the zip of an export. The same files always give the same bytes."""

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

from app.foundation.digest import sha256
from app.foundation.errors import ExportError

DIGESTS_FILE = "digests.json"
"""{name: SHA-256} of every other file."""
EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip, so that the bytes do not depend on when it was made."""
LARGEST_FILE = 1 << 30
"""The largest unpacked file in bytes; a zip with a larger one is refused."""


def json_bytes(value: object) -> bytes:
    """JSON values as the bytes of a JSON file of an export."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """A zip of these files and a list of their digests."""
    digests = {name: sha256(content) for name, content in sorted(files.items())}
    with_digests = {**files, DIGESTS_FILE: json_bytes(digests)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(with_digests):
            entry = zipfile.ZipInfo(name, EARLIEST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, with_digests[name])
    return buffer.getvalue()


def read_zip(path: Path) -> dict[str, bytes]:
    """The files of a zip. Raises ExportError if it is not a zip or is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_large_files(path, archive)
            return {name: archive.read(name) for name in archive.namelist()}
    except FileNotFoundError as error:
        msg = f"{path} does not exist; name the zip that `firstglance export` wrote"
        raise ExportError(msg) from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, RuntimeError, ValueError, zlib.error) as error:
        msg = f"{path} cannot be read as a zip ({error}); download it again"
        raise ExportError(msg) from error


def _refuse_large_files(path: Path, archive: zipfile.ZipFile) -> None:
    for entry in archive.infolist():
        if entry.file_size > LARGEST_FILE:
            msg = f"{path} holds {entry.filename}, larger than any export's file; it was not made by First Glance"
            raise ExportError(msg)
