"""`firstglance round unblind`: the seal of a locked round is opened, once, and the analysis run."""

from pathlib import Path

import click

from app.cli.common import EXISTING, by_option
from app.cli.round.steps import step
from app.foundation.clock import now
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.services.unblinding import unblind_round


@click.command("unblind")
@click.argument("round_id", metavar="ROUND")
@click.option(
    "--key-file",
    "key_files",
    type=EXISTING,
    multiple=True,
    required=True,
    help="File with a key; for two-person seals one file each.",
)
@click.option("--reason", required=True, help="Why now; it goes into the log and the report.")
@by_option
@click.pass_obj
def unblind_command(
    settings: Settings, round_id: str, key_files: tuple[Path, ...], reason: str, by: str | None
) -> None:
    """Open the seal of a locked round, check it against the commitment, and run the analysis."""
    identities = [key for path in key_files for key in keys_in(path)]
    step(
        settings,
        round_id,
        by,
        "unblind",
        lambda session, admin: unblind_round(session, round_id, identities, admin, reason, now()),
    )
    click.echo(f"The round is unblinded; see `firstglance report {round_id}`.")


def keys_in(path: Path) -> list[str]:
    """The age identities in a file, one a line. Raises SealError if it cannot be read or holds none."""
    try:
        lines = path.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as a key file; give the file that the seal wrote"
        raise SealError(msg) from error
    found = [line for line in lines if line.startswith("AGE-SECRET-KEY-")]
    if not found:
        msg = f"{path} holds no key; a key begins with AGE-SECRET-KEY-1"
        raise SealError(msg)
    return found
