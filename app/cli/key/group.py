"""`firstglance key`: make a keyholder's key, and prove that you have it."""

import click

from app.cli.lazy_group import LazyGroup

COMMANDS = {
    "new": ("app.cli.key.new", "Make a key for a keyholder, before any round is sealed to it."),
    "prove": ("app.cli.key.prove", "Decrypt a challenge, to prove that you have the key."),
}


@click.group("key", cls=LazyGroup, command_table=COMMANDS)
def key_command() -> None:
    """Make a keyholder's key, and prove that you have it. Neither needs the server."""
