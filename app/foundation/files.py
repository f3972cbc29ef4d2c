"""Files written whole: under another name first, then renamed, so that a kill leaves the old file or the new."""

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make the file under another name in the same folder, flush it to the disk, then rename it."""
    fresh = path.with_name(path.name + ".new")
    write(fresh)
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(fresh, path)


def write_text_whole(path: Path, text: str) -> None:
    """The same for a text, in UTF-8."""
    write_whole(path, lambda fresh: fresh.write_text(text, encoding="utf-8"))
