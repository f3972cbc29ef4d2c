"""`firstglance round`: a round from draft to unblinded."""

import click

from app.cli.lazy_group import StagedGroup

COMMANDS = {
    "create": ("app.cli.round.create", "Make a draft from archives and print its id."),
    "list": ("app.cli.round.status", "Print every round."),
    "seal": ("app.cli.round.seal", "Draw neurons, make items, encrypt who is who, print the commitment."),
    "open": ("app.cli.round.steps", "Let evaluators begin."),
    "status": ("app.cli.round.status", "Print how far each evaluator is: counts of judgments, never of verdicts."),
    "lock": ("app.cli.round.steps", "End judging for good; a locked round can be unblinded."),
    "abandon": ("app.cli.round.steps", "Give the round up; it stays visible as abandoned for ever."),
    "unblind": ("app.cli.round.unblind", "Open the seal of a locked round and run the analysis."),
    "audit": ("app.cli.round.audit", "Audit an unblinded round again, on its real pages."),
}


@click.group("round", cls=StagedGroup, table=COMMANDS)
def round_command() -> None:
    """Create, seal, open, watch, lock and unblind a round."""
