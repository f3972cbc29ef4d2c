"""The command `firstglance`. Commands stand in the order of the stages and are imported when they are called.

So `firstglance serve` never loads torch, and `--help` loads nothing. An error that First Glance raises on purpose
ends as one sentence on stderr and exit code 1.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

import click

from app import __version__
from app.foundation.errors import FirstGlanceError
from app.foundation.settings import Settings

COMMANDS = {
    "train": ("app.cli.models", "Train matched models that differ in their activation alone."),
    "model": ("app.cli.models", "List and show models."),
    "harvest": ("app.cli.harvest", "Find the text that makes each neuron of a model fire hardest."),
    "archive": ("app.cli.harvest", "List, show and verify the archives that harvests leave."),
    "round": ("app.cli.rounds", "Create, seal, open, watch, lock and unblind a round."),
    "invite": ("app.cli.rounds", "Invite an evaluator and print the link."),
    "power": ("app.cli.power", "Say how many neurons and evaluators a question needs."),
    "simulate": ("app.cli.simulation", "Let simulated evaluators judge a copy of a round, for dry runs and load."),
    "serve": ("app.cli.serve", "Serve the pages of evaluators and admins."),
    "report": ("app.cli.reports", "Print the report of an unblinded round."),
    "export": ("app.cli.reports", "Write an unblinded round's export, which anyone can verify."),
    "verify": ("app.cli.reports", "Recompute an export's commitment and every number in it."),
    "admin": ("app.cli.admins", "Add admins and change their passwords."),
    "demo": ("app.cli.demo", "Run everything once, on the models that come with First Glance."),
}
"""Name, module and one line of help; the module holds a command of the same name."""


class StagedGroup(click.Group):
    """A group that imports a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names in stage order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list in `--help`, from the table above, so that help imports nothing."""
        with formatter.section("Commands, in the order of the stages"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; an error raised on purpose becomes its sentence."""
        try:
            return super().invoke(ctx)
        except FirstGlanceError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=StagedGroup)
@click.version_option(__version__, package_name="firstglance")
@click.option(
    "--data", type=click.Path(path_type=Path), help="Folder of the database, archives and keys (default: data)."
)
@click.option("--database-url", help="SQLAlchemy URL of another database than SQLite in the data folder.")
@click.pass_context
def cli(ctx: click.Context, data: Path | None, database_url: str | None) -> None:
    """How many of a model's neurons can people understand at first glance? Measured blind."""
    ctx.obj = Settings.read(data=data, database_url=database_url)


def run() -> None:
    """What the console script calls."""
    cli(prog_name="firstglance")
