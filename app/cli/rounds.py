"""`firstglance round`: a round from draft to unblinded."""

import click

from app.cli.staged import StagedGroup

COMMANDS = {
    "create": ("app.cli.drafts", "Make a draft from archives and print its id."),
    "list": ("app.cli.progress", "Print every round."),
    "seal": ("app.cli.seals", "Draw neurons, make items, encrypt who is who, print the commitment."),
    "open": ("app.cli.steps", "Let evaluators begin."),
    "status": ("app.cli.progress", "Print how far each evaluator is: counts of judgments, never of verdicts."),
    "lock": ("app.cli.steps", "End judging for good; a locked round can be unblinded."),
    "abandon": ("app.cli.steps", "Give the round up; it stays visible as abandoned for ever."),
    "unblind": ("app.cli.unblinding", "Open the seal of a locked round and run the analysis."),
    "audit": ("app.cli.audits", "Audit an unblinded round again, on its real pages."),
}


@click.group("round", cls=StagedGroup, table=COMMANDS)
def round_command() -> None:
    """Create, seal, open, watch, lock and unblind a round."""
