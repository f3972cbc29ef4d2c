"""`firstglance archive`: lists, shows and verifies the archives of harvests."""

from collections.abc import Iterator
from pathlib import Path

import click

from app.archive.archive import Archive, find_archives
from app.cli.options import PATH, break_blind_option, by_option, json_option
from app.cli.printing import print_facts, print_json, print_table, print_text
from app.foundation.clock import now
from app.foundation.errors import ArchiveError
from app.foundation.settings import Settings
from app.services.archive_browsing import browse_archive, rounds_on_archive
from app.services.archives import ARCHIVES_FOLDER
from app.services.opened_database import named_or_only_admin, open_database

TABLE_COLUMNS = ("model", "activation", "site", "neurons", "tokens", "path", "sha256")
"""The facts about an archive that the list shows: those by which one is chosen, as on the form of a new round."""
DIGEST_LENGTH = 12
"""How many digits of a digest the list shows."""


@click.group("archive")
def archive_command() -> None:
    """List, show and verify archives."""


@archive_command.command("list")
@click.argument("folder", type=PATH, required=False)
@json_option
@click.pass_obj
def list_archives(settings: Settings, folder: Path | None, json_wanted: bool) -> None:
    """Print the archives in FOLDER (default: the data folder's), to choose one from; `archive show` says more."""
    root = folder or settings.data / ARCHIVES_FOLDER
    archives = [
        {name: fact for name, fact in _archive_facts(archive).items() if name in TABLE_COLUMNS}
        for archive in _complete_archives(root)
    ]
    if not archives:
        msg = f"{root} holds no archive; make one with `firstglance harvest` or name another folder"
        raise ArchiveError(msg)
    if json_wanted:
        print_json(archives)
        return
    print_table(
        TABLE_COLUMNS,
        [[*(facts[name] for name in TABLE_COLUMNS[:-1]), str(facts["sha256"])[:DIGEST_LENGTH]] for facts in archives],
    )


def _complete_archives(folder: Path) -> Iterator[Archive]:
    """Every archive below a folder that can be opened; for the others stderr says why they are left out."""
    for archive in find_archives(folder):
        if isinstance(archive, Archive):
            yield archive
        else:
            print_text(f"left out: {archive}", err=True)


@archive_command.command("show")
@click.argument("path", metavar="ARCHIVE", type=PATH)
@json_option
@break_blind_option
@by_option
@click.pass_obj
def show_archive(settings: Settings, path: Path, json_wanted: bool, reason: str | None, by: str | None) -> None:
    """Print what ARCHIVE was made from and what it holds; refused while a round on its models is open.

    The logs of all rounds on its models say who has seen it.
    """
    archive = Archive.open(path)
    if settings.has_database:
        _browse(settings, archive, reason, by)
    if json_wanted:
        print_json({"sha256": archive.sha256, **archive.manifest.model_dump(mode="json")})
    else:
        print_facts(_archive_facts(archive))


def _browse(settings: Settings, archive: Archive, reason: str | None, by: str | None) -> None:
    """Log who looks at an archive if rounds use it. Refused while one of them is open; a reason breaks its blind."""
    with open_database(settings) as database:
        with database.reading() as session:
            if not rounds_on_archive(session, archive):
                return
            admin = named_or_only_admin(session, by)
        browse_archive(database, archive, admin, reason, now())


@archive_command.command("verify")
@click.argument("path", metavar="ARCHIVE", type=PATH)
def verify_archive(path: Path) -> None:
    """Check the digest of every file of ARCHIVE; names the first changed file and exits with status 1."""
    archive = Archive.open(path)
    archive.verify()
    print_text(f"{path} is whole and unchanged: {archive.sha256}")


def _archive_facts(archive: Archive) -> dict[str, str | int | None]:
    manifest = archive.manifest
    return {
        "path": str(archive.path),
        "model": manifest.model.name,
        "activation": manifest.model.activation or "unknown",
        "layers": manifest.model.n_layers,
        "neurons": manifest.counts.neurons,
        "dead": manifest.counts.dead,
        "site": manifest.site,
        **({"control": "; ".join(control.description for control in manifest.controls)} if manifest.controls else {}),
        "snippets": manifest.counts.snippets,
        "corpus": manifest.corpus.spec,
        "tokens": manifest.corpus.tokens,
        "corpus_sha256": manifest.corpus.sha256,
        "weights_sha256": manifest.model.weights_sha256,
        "sha256": archive.sha256,
    }
