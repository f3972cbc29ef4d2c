"""`firstglance key new`: make a key for a keyholder."""

from pathlib import Path

import click

from app.cli.options import PATH
from app.cli.printing import print_text
from app.services.key_files import write_key_file
from app.services.keyholders import new_key


@click.command("new")
@click.option("--to", "key_file", type=PATH, help="Write the secret key to this new file, which only you can read.")
def new_command(key_file: Path | None) -> None:
    """Make a key: the secret half stays with its holder, the public half is named in the round."""
    key = new_key()
    if key_file is None:
        print_text(f"secret key  {key.identity}\npublic key  {key.recipient}")
        print_text("The secret key is shown only now. Store it before you name the public key in a round.")
        return
    write_key_file(key_file, [key.identity])
    print_text(f"public key  {key.recipient}\nThe secret key is in {key_file}. Store a copy of it somewhere else.")
