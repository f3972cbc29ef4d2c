"""Check the draw of an exported round against its log and, with the archives, by drawing it again. Pure."""

from collections.abc import Collection
from pathlib import Path

from app.archive.archive import Archive, find_archives
from app.evidence.draw_checks import draw_problems
from app.evidence.draws import steps_of_log
from app.evidence.round_evidence import Evidence
from app.foundation.errors import ArchiveError
from app.rounds.redraw import redraw_differences

MOST_REASONS = 4
"""A sentence names at most so many archives that cannot be used."""


def redraw_problems(evidence: Evidence, folder: Path) -> list[str]:
    """One sentence for everything about the draw that is not as design, log and archives demand; empty if all is.

    `folder` holds the design's archives at any depth. Raises ArchiveError if no whole copy of one is there, and
    SealError if an entry of the log has another form.
    """
    design = evidence.design
    archives = open_verified_archives(folder, {cell.archive_sha256 for cell in design.arms})
    problems = draw_problems(design.seed_rule, evidence.seal, steps_of_log(evidence.log))
    return [*problems, *redraw_differences(design, evidence.seal, evidence.item_contents, archives)]


def open_verified_archives(folder: Path, digests: Collection[str]) -> dict[str, Archive]:
    """{digest: archive} of the archives with these digests at or below a folder, every file of them checked.

    Of several copies the first that is whole is taken. Raises ArchiveError if there is none; it says what is wrong with
    the copies and with whatever else cannot be opened there.
    """
    archives: dict[str, Archive] = {}
    reasons = []
    for archive in find_archives(folder):
        if isinstance(archive, ArchiveError):
            reasons.append(str(archive))
        elif archive.sha256 in digests and archive.sha256 not in archives:
            try:
                archive.verify_harvested_files()
            except ArchiveError as error:
                reasons.append(str(error))
            else:
                archives[archive.sha256] = archive
    missing = sorted(set(digests) - archives.keys())
    if missing:
        msg = (
            f"The archive {missing[0]} is not in {folder}, so the draw cannot be repeated. Name the folder that has it."
        )
        raise ArchiveError(" ".join([msg, *(f"{reason}." for reason in reasons[:MOST_REASONS])]))
    return archives
