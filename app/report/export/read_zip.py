"""Reading an export: a zip's files, and their text and JSON, each failure a sentence."""

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

from app.foundation.errors import ExportError

LARGEST = 1 << 30
"""Bytes of one unpacked file; more is refused as no export of ours."""


def read_zip(path: Path) -> dict[str, bytes]:
    """The files of a zip. Raises ExportError with a sentence if it is none, or one is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            large = [one.filename for one in archive.infolist() if one.file_size > LARGEST]
            if large:
                msg = f"{path} holds {large[0]}, larger than any export's file; it was not made by First Glance"
                raise ExportError(msg)
            return {name: archive.read(name) for name in archive.namelist()}
    except FileNotFoundError as error:
        msg = f"{path} does not exist; name the zip that `firstglance export` wrote"
        raise ExportError(msg) from error
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, RuntimeError, ValueError, zlib.error) as error:
        msg = f"{path} cannot be read as a zip ({error}); download it again"
        raise ExportError(msg) from error


def read_text(files: dict[str, bytes], name: str) -> str:
    """A file of the export as text. Raises ExportError if it is missing or not UTF-8."""
    if name not in files:
        msg = f"the export has no {name}; take the zip as it was downloaded"
        raise ExportError(msg)
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        msg = f"{name} in the export is not UTF-8 text; download it again"
        raise ExportError(msg) from error


def read_json(files: dict[str, bytes], name: str) -> Any:  # noqa: ANN401 - any JSON value
    """A file of the export as JSON. Raises ExportError if it is not."""
    try:
        return json.loads(read_text(files, name))
    except ValueError as error:
        msg = f"{name} in the export is not JSON; download it again"
        raise ExportError(msg) from error
