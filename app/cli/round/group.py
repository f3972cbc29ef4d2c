"""`firstglance round`: all steps of a round, from draft to unblinded."""

import click

from app.cli.lazy_group import LazyGroup

COMMANDS = {
    "design": ("app.cli.round.design", "Print a preset's design as TOML, with a comment for every field."),
    "create": ("app.cli.round.create", "Make a draft from archives and print its id."),
    "list": ("app.cli.round.list", "Print every round."),
    "announce-draw": (
        "app.cli.round.announce_draw",
        "Fix the server's half of the seed, and name the value that will complete it.",
    ),
    "keys": ("app.cli.round.keys", "Name, prove and remove the keys that the round is to be sealed to."),
    "seal": ("app.cli.round.seal", "Draw neurons, make items, encrypt the allocation, print the commitment."),
    "preregistration": (
        "app.cli.round.preregistration",
        "Print the design and its analysis plan in words, for a registry; from the seal on.",
    ),
    "open": ("app.cli.round.open", "Let evaluators begin."),
    "timestamp": ("app.cli.round.timestamp", "Let an authority sign when commitment or lock existed (needs network)."),
    "status": ("app.cli.round.status", "Print how many items each evaluator has judged; it shows no verdicts."),
    "lock": ("app.cli.round.lock", "End judging for good; a locked round can be unblinded."),
    "abandon": ("app.cli.round.abandon", "Give the round up. It stays in the list, as abandoned."),
    "unblind": ("app.cli.round.unblind", "Open the seal of a locked round and run the analysis."),
    "correct": ("app.cli.round.correct", "Analyse an unblinded round again. Earlier results are kept."),
    "audit": ("app.cli.round.audit", "Run the leak audit of an unblinded round again."),
}


@click.group("round", cls=LazyGroup, command_table=COMMANDS)
def round_command() -> None:
    """Create, seal, open, watch, lock and unblind a round."""
