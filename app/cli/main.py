"""The command `firstglance`. Its commands are listed in the order of the stages and imported when they are called.

So `firstglance serve` never loads torch, and `--help` loads nothing. After an error that First Glance raises on
purpose, the command prints its message on stderr and exits with 1; after one that nobody foresaw it exits with 70.
"""

import sys
from pathlib import Path

import click

from app import __version__
from app.cli.fault import EXIT_STATUS, report_fault
from app.cli.lazy_group import LazyGroup
from app.cli.options import PATH
from app.foundation.settings import Settings

COMMANDS = {
    "train": ("app.cli.train", "Train matched models that differ only in their activation."),
    "model": ("app.cli.model", "List and show models."),
    "harvest": ("app.cli.harvest", "Find the text on which each neuron of a model fires most strongly."),
    "archive": ("app.cli.archive", "List, show and verify the archives that harvests leave."),
    "key": ("app.cli.key.group", "Make a keyholder's key, and prove that you have it."),
    "round": ("app.cli.round.group", "Create, seal, open, watch, lock and unblind a round."),
    "invite": ("app.cli.invite", "Invite an evaluator and print the link."),
    "power": ("app.cli.power", "Compute how many units and evaluators a round needs."),
    "simulate": ("app.cli.simulate", "Let simulated evaluators judge a copy of a round, for dry runs and load tests."),
    "serve": ("app.cli.serve", "Serve the pages of evaluators and admins."),
    "report": ("app.cli.report", "Print the report of an unblinded round."),
    "export": ("app.cli.export", "Write an unblinded round's export, which anyone can verify."),
    "verify": ("app.cli.verify", "Recompute an export's commitment and every number in it."),
    "retention": ("app.cli.retention", "Delete links and sessions of evaluators whose rounds ended long ago."),
    "admin": ("app.cli.admin", "Add admins and change their passwords."),
    "demo": ("app.cli.demo.command", "Run everything once, on the models that come with First Glance."),
}


@click.group(cls=LazyGroup, command_table=COMMANDS)
@click.version_option(__version__, package_name="firstglance")
@click.option("--data", type=PATH, help="Folder of the database, archives and keys (default: data).")
@click.option("--database-url", help="SQLAlchemy URL of another database than SQLite in the data folder.")
@click.pass_context
def cli(ctx: click.Context, data: Path | None, database_url: str | None) -> None:
    """How many of a model's neurons can people understand at first glance? Measured blind."""
    ctx.obj = Settings.read(data=data, database_url=database_url)


def run() -> None:
    """Run the command line; the console script calls this."""
    try:
        cli(prog_name="firstglance")
    except Exception as error:  # a traceback would say nothing to whoever sits there
        report_fault(error)
        sys.exit(EXIT_STATUS)
