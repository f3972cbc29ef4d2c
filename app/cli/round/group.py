"""`firstglance round`: a round from draft to unblinded."""

import click

from app.cli.lazy_group import LazyGroup

COMMANDS = {
    "design": ("app.cli.round.design", "Print a preset's design as TOML, with a comment for every field."),
    "create": ("app.cli.round.create", "Make a draft from archives and print its id."),
    "list": ("app.cli.round.list", "Print every round."),
    "seal": ("app.cli.round.seal", "Draw neurons, make items, encrypt who is who, print the commitment."),
    "open": ("app.cli.round.open", "Let evaluators begin."),
    "status": ("app.cli.round.status", "Print how far each evaluator is: counts of judgments, never of verdicts."),
    "lock": ("app.cli.round.lock", "End judging for good; a locked round can be unblinded."),
    "abandon": ("app.cli.round.abandon", "Give the round up; it stays visible as abandoned for ever."),
    "unblind": ("app.cli.round.unblind", "Open the seal of a locked round and run the analysis."),
    "correct": ("app.cli.round.correct", "Analyse an unblinded round anew; earlier results stay beside the new one."),
    "audit": ("app.cli.round.audit", "Audit an unblinded round again, on its real pages."),
}


@click.group("round", cls=LazyGroup, command_table=COMMANDS)
def round_command() -> None:
    """Create, seal, open, watch, lock and unblind a round."""
