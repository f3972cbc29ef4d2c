"""`firstglance export`: a round in one zip file that anyone can verify."""

from pathlib import Path

import click

from app.cli.options import PATH, break_blind_option, by_option, round_argument
from app.cli.printing import print_text
from app.foundation.settings import Settings
from app.services.export_files import ExportRequest, write_export


@click.command("export")
@round_argument
@click.option("--out", type=PATH, required=True, help="The zip file to write.")
@click.option(
    "--blinded",
    is_flag=True,
    help="Write what may be known before unblinding: no arms, and no verdicts before the lock.",
)
@break_blind_option
@by_option
@click.pass_obj
def export_command(
    settings: Settings, round_id: str, out: Path, blinded: bool, reason: str | None, by: str | None
) -> None:
    """Write a round's export, with all judgments, the allocation, all numbers and a verifier. The export is logged."""
    warning = write_export(settings, round_id, ExportRequest(out, blinded, reason), by)
    if warning is not None:
        print_text(warning)
    print_text("{0}  check it with `firstglance verify {0}`".format(click.format_filename(out)))
