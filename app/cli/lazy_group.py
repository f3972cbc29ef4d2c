"""A group of commands that imports the module of a command only when the command is called."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from app.foundation.errors import FirstGlanceError
from app.foundation.typed_text import show_unseen_characters
from app.foundation.typography import visible_text

CommandTable = Mapping[str, tuple[str, str]]
"""{name: (module, one line of help)} of commands; the module defines `NAME_command`, with _ for each - of NAME."""


class LazyGroup(click.Group):
    """A group that imports a command only to run it, so that `--help` is fast."""

    def __init__(self, *args: Any, command_table: CommandTable, **kwargs: Any) -> None:  # noqa: ANN401 - click's
        super().__init__(*args, **kwargs)
        self.command_table = command_table

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; of an error that First Glance raises on purpose only the message is printed."""
        with _visible_errors():
            return super().invoke(ctx)

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401
    ) -> click.Context:
        """Read the options before the command's name."""
        with _visible_errors():
            return super().make_context(info_name, args, parent, **extra)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names in the order of the stages."""
        return list(self.command_table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the command of that name."""
        if cmd_name not in self.command_table:
            return None
        name = f"{cmd_name.replace('-', '_')}_command"
        command: click.Command = getattr(import_module(self.command_table[cmd_name][0]), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands in `--help` from the table, without importing a command."""
        with formatter.section("Commands, in the order of the stages"):
            formatter.write_dl([(name, line) for name, (_, line) in self.command_table.items()])


@contextmanager
def _visible_errors() -> Iterator[None]:
    """Print of our errors only the message, and of every error no character that commands the terminal."""
    try:
        yield
    except FirstGlanceError as error:
        raise click.ClickException(visible_text(str(error))) from error
    except OSError as error:
        if error.errno == errno.EPIPE:  # whoever read the output has enough of it, which is no error
            raise
        place = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
        msg = f"The system refuses{place}: {error.strerror or error}. Give another path, or mend permissions or disk."
        raise click.ClickException(visible_text(msg)) from error
    except click.ClickException as error:
        names = {"message", "ui_filename"} & vars(error).keys()
        vars(error).update({name: show_unseen_characters(str(vars(error)[name])) for name in names})
        raise
