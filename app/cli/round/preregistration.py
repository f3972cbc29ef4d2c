"""`firstglance round preregistration`: the design and its analysis plan in words, for a registry."""

from pathlib import Path

import click

from app.cli.options import PATH, round_argument
from app.cli.printing import print_text
from app.foundation.errors import ExportError
from app.foundation.files import write_bytes_atomically
from app.foundation.settings import Settings
from app.services.opened_database import open_database
from app.services.preregistration import round_preregistration


@click.command("preregistration")
@round_argument
@click.option("--out", type=PATH, help="The Markdown file to write; without it the text is printed.")
@click.pass_obj
def preregistration_command(settings: Settings, round_id: str, out: Path | None) -> None:
    """Print the preregistration of a sealed round, in Markdown. It names the arms: keep it from evaluators."""
    with open_database(settings) as database, database.reading() as session:
        text = round_preregistration(session, round_id)
    if out is None:
        print_text(text, nl=False)
        return
    try:
        write_bytes_atomically(out, text.encode())
    except OSError as error:
        msg = f"{out} cannot be written ({error.strerror}); choose another file with --out"
        raise ExportError(msg) from error
    print_text(f"{out}  it names the arms: register it under embargo until everyone has judged")
