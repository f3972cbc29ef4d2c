"""The progress of a seal on stderr, so that what a script reads on stdout stays as it is."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from app.services.running_seal import Listener
from app.services.seal_runs import SealProgress


@contextmanager
def printed_progress() -> Iterator[Listener]:
    """A listener that prints each step once, and on a terminal also the share that is done."""
    is_terminal = sys.stderr.isatty()
    printed_step = ""
    printed_percent = -1

    def listen(seal_progress: SealProgress) -> None:
        nonlocal printed_step, printed_percent
        percent = 100 * seal_progress.done // seal_progress.total if seal_progress.total else -1
        if seal_progress.step != printed_step:
            click.echo(
                ("\n" if is_terminal and printed_step else "") + seal_progress.step, nl=not is_terminal, err=True
            )
        elif is_terminal and percent != printed_percent:
            click.echo(f"\r{seal_progress.step}: {percent} %", nl=False, err=True)
        printed_step, printed_percent = seal_progress.step, percent

    yield listen
    if is_terminal and printed_step:
        click.echo(err=True)
