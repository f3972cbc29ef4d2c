"""Writes and reads the zip of an export. The same files always give the same bytes."""

import io
import json
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from app.evidence.signing import SigningKey, sign_digests
from app.foundation.digest import sha256
from app.foundation.errors import ExportError
from app.foundation.typography import shortened
from app.report.export.zip_form import new_entry, unpack

DIGESTS_FILE = "digests.json"
"""{name: SHA-256} of every file but this one and the signature."""
SIGNATURE_FILE = "signature.json"
"""The signature of the list of digests by the round's key; absent if the round has none, or if it is lost."""
LARGEST_FILE = 1 << 30
"""The largest unpacked file in bytes; a zip with a larger one is refused."""
LARGEST_EXPORT = 1 << 31
"""The largest size of all unpacked files together, in bytes."""
MOST_TIMES_AS_LARGE = 40
"""All files together are at most so many times as large as the zip: those of exports are 3 to 20 times as large."""
SMALL_EXPORT = 1 << 23
"""Files of so few bytes in all are unpacked, however small the zip is."""
MOST_FILES = 10_000


def json_bytes(value: object) -> bytes:
    """JSON values as the bytes of a JSON file of an export."""
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def zip_files(files: Mapping[str, bytes], signing_key: SigningKey | None = None) -> bytes:
    """A zip of these files and a list of their digests, which the round's key signs if there is one."""
    digests = json_bytes({name: sha256(content) for name, content in sorted(files.items())})
    complete = {**files, DIGESTS_FILE: digests}
    if signing_key is not None:
        complete[SIGNATURE_FILE] = json_bytes(sign_digests(signing_key, digests).model_dump())
    return pack_files(complete)


def pack_files(files: Mapping[str, bytes]) -> bytes:
    """A zip of exactly these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            archive.writestr(new_entry(name), files[name])
    return buffer.getvalue()


def read_zip(path: Path) -> dict[str, bytes]:
    """The files of a zip. Raises ExportError if it is not a zip, is damaged, or is not as First Glance writes it."""
    if path.exists() and not path.is_file():  # reading a device may have no end
        msg = f"{path} is no file; name the zip that `firstglance export` wrote"
        raise ExportError(msg)
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_foreign_zip(path, archive)
            return _unpack(path, archive)
    except FileNotFoundError as error:
        msg = f"{path} does not exist; name the zip that `firstglance export` wrote"
        raise ExportError(msg) from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, RuntimeError, ValueError) as error:
        msg = f"{path} cannot be read as a zip ({error}); download it again"
        raise ExportError(msg) from error
    except (zlib.error, struct.error, MemoryError, OverflowError) as error:
        msg = f"{path} is a damaged zip ({error}); download it again"
        raise ExportError(msg) from error


def _unpack(path: Path, archive: zipfile.ZipFile) -> dict[str, bytes]:
    if path.stat().st_size > LARGEST_EXPORT:
        msg = f"{path} is larger than any export; it was not made by First Glance"
        raise ExportError(msg)
    try:
        return unpack(path.read_bytes(), archive.infolist())
    except ExportError as error:
        msg = f"{path} is not a zip as First Glance writes it: {error}; download it again, and do not pack it anew"
        raise ExportError(msg) from error


def _refuse_foreign_zip(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse what First Glance writes into no zip: huge files, very many of them, and two of one name."""
    entries, names = archive.infolist(), archive.namelist()
    for entry in entries:
        if entry.file_size > LARGEST_FILE:
            name = shortened(entry.filename)
            msg = f"{path} holds {name}, larger than any export's file; it was not made by First Glance"
            raise ExportError(msg)
    most_bytes = min(LARGEST_EXPORT, max(SMALL_EXPORT, MOST_TIMES_AS_LARGE * path.stat().st_size))
    if len(entries) > MOST_FILES or sum(entry.file_size for entry in entries) > most_bytes:
        msg = f"{path} holds more than any export; it was not made by First Glance"
        raise ExportError(msg)
    duplicates = sorted(name for name, count in Counter(names).items() if count > 1)
    if duplicates:
        msg = f"{path} has two files named {shortened(duplicates[0])}, so nobody can say which counts; it was changed"
        raise ExportError(msg)
