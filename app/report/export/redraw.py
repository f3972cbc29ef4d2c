"""Check the draw of an exported round against its log and, with the archives, by drawing it again. Pure."""

from collections.abc import Collection, Sequence
from pathlib import Path

from app.archive.archive import Archive, find_archives
from app.evidence.draws import LoggedStep, draw_problems
from app.foundation.errors import ArchiveError
from app.rounds.allocation import SealContent
from app.rounds.design import Design
from app.rounds.item import ItemContent
from app.rounds.redraw import redraw_differences


def redraw_problems(
    design: Design,
    seal_content: SealContent,
    item_contents: Sequence[ItemContent],
    steps: Sequence[LoggedStep],
    folder: Path,
) -> list[str]:
    """One sentence for everything about the draw that is not as design, log and archives demand; empty if all is.

    `folder` holds the design's archives at any depth. Raises ArchiveError if one is missing or was changed, and
    SealError if an entry of the log has another form.
    """
    digests = {cell.archive_sha256 for cell in design.arms}
    archives = open_verified_archives(folder, digests)
    problems = draw_problems(design.seed_rule, seal_content, steps)
    return [*problems, *redraw_differences(design, seal_content, item_contents, archives)]


def open_verified_archives(folder: Path, digests: Collection[str]) -> dict[str, Archive]:
    """{digest: archive} of the archives with these digests at or below a folder, every file of them checked.

    Raises ArchiveError if one is missing or was changed.
    """
    archives = {}
    for archive in find_archives(folder):
        if isinstance(archive, Archive) and archive.sha256 in digests and archive.sha256 not in archives:
            archive.verify()
            archives[archive.sha256] = archive
    missing = sorted(set(digests) - archives.keys())
    if missing:
        msg = (
            f"The archive {missing[0]} is not in {folder}, so the draw cannot be repeated. Name the folder that has it."
        )
        raise ArchiveError(msg)
    return archives
