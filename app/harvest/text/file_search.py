"""The files of a corpus: those that a path or a pattern names, or Python's standard library."""

import glob
import os
import sysconfig
from pathlib import Path

from app.foundation.errors import CorpusError
from app.harvest.text.formats import HARVESTED_SUFFIXES, brief_reason, has_text_suffix, printable_name

STDLIB = "stdlib"
NOT_LIBRARY = frozenset({"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"})
"""Folders inside the standard library's folder that do not belong to the library."""


def find_files(spec: str) -> tuple[Path, list[Path]]:
    """The files that `spec` names, in order of path, and the folder to which documents' names are relative.

    `spec` is a file, a folder, a pattern, or `stdlib`. Raises CorpusError if there is no such file, or no text file.
    """
    if spec == STDLIB:
        return _find_standard_library()
    try:
        return _find_below(spec)
    except OSError as error:
        reason = brief_reason(error)
        msg = f"{printable_name(spec)} cannot be read ({reason}); name a file, a folder or a pattern of files"
        raise CorpusError(msg) from error


def _find_below(spec: str) -> tuple[Path, list[Path]]:
    source, suffixes = Path(spec), ", ".join(sorted(HARVESTED_SUFFIXES))
    if source.is_file():
        return source.parent, [source]
    if source.is_dir():
        paths = sorted(path for path in source.rglob("*") if path.is_file() and has_text_suffix(path))
    elif glob.has_magic(spec):
        matches = map(Path, glob.glob(spec, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
        paths = sorted(path for path in matches if path.is_file() and has_text_suffix(path))
        source = Path(os.path.commonpath([path.parent for path in paths])) if paths else source
    else:
        msg = f"{source} does not exist; name a file, a folder or a pattern of {suffixes} files, or {STDLIB}"
        raise CorpusError(msg)
    if not paths:
        msg = f"{source} holds no text; it needs files ending in {suffixes}, as they are or with .gz or .zst"
        raise CorpusError(msg)
    return source, paths


def _find_standard_library() -> tuple[Path, list[Path]]:
    """The source files of this Python's library; folders such as site-packages, which can be vast, are not walked."""
    root = Path(sysconfig.get_path("stdlib"))
    paths: list[Path] = []
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name not in NOT_LIBRARY]
        paths += [Path(folder, name) for name in names if name.endswith(".py")]
    if not paths:
        msg = f"this Python has no source of its standard library in {root}; name a file or folder of text instead"
        raise CorpusError(msg)
    return root, sorted(paths)
