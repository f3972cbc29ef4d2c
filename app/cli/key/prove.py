"""`firstglance key prove`: decrypt the challenge of a round, on the keyholder's own machine."""

from pathlib import Path
from typing import TextIO

import click

from app.cli.options import PATH, read_typed_text
from app.cli.printing import print_text
from app.services.key_files import read_key_file
from app.services.keyholders import answer_to_challenge


@click.command("prove")
@click.option("--key-file", type=PATH, required=True, help="File with the secret key.")
@click.argument("challenge_file", metavar="CHALLENGE", type=click.File("r", encoding="utf-8"), default="-")
def prove_command(key_file: Path, challenge_file: TextIO) -> None:
    """Decrypt the challenge in a file, or on standard input, and print the text that proves the key."""
    print_text(answer_to_challenge(read_typed_text(challenge_file), read_key_file(key_file)))
