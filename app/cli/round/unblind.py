"""`firstglance round unblind`: open the seal of a locked round, once, and run the analysis."""

from pathlib import Path

import click

from app.cli.options import PATH, by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import publish_result, run_logged_step
from app.foundation.settings import Settings
from app.services.key_files import read_key_file
from app.services.signed_results import unblind_and_sign


@click.command("unblind")
@round_argument
@click.option(
    "--key-file",
    "key_files",
    type=PATH,
    multiple=True,
    required=True,
    help="File that the seal wrote, or one with a key pasted into it. A seal that two people must open is opened on "
    "the round's page, where each of them signs in.",
)
@click.option(
    "--reason", required=True, help="Why you unblind now; it is written into the log, and the report's page shows it."
)
@by_option
@click.pass_obj
def unblind_command(
    settings: Settings, round_id: str, key_files: tuple[Path, ...], reason: str, by: str | None
) -> None:
    """Open the seal of a locked round, check it against the commitment, and run the analysis."""
    identities = [identity for path in key_files for identity in read_key_file(path)]
    digest = run_logged_step(
        settings,
        round_id,
        by,
        "unblind",
        lambda session, admin: unblind_and_sign(session, round_id, identities, admin, reason, settings.data),
    )
    print_text(f"The round is unblinded; see `firstglance report {round_id}`.\n{publish_result(digest)}")
