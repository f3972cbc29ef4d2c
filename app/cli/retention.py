"""`firstglance retention`: delete links and sessions of evaluators whose rounds ended long ago."""

import click

from app.cli.printing import print_text
from app.foundation.clock import now
from app.foundation.settings import MOST_RETENTION_DAYS, Settings
from app.services.opened_database import open_database
from app.services.retention import delete_expired_links


@click.command("retention")
@click.option(
    "--days",
    type=click.IntRange(1, MOST_RETENTION_DAYS),
    help="Days after the lock (default: FIRSTGLANCE_RETENTION_DAYS).",
)
@click.pass_obj
def retention_command(settings: Settings, days: int | None) -> None:
    """Delete links and sessions of evaluators whose round was locked or abandoned so many days ago.

    Answers stay if the round was locked: its record needs them. Those of a round that was abandoned before its lock
    are deleted as well. `firstglance serve` does the same whenever it starts.
    """
    retention_days = days or settings.retention_days
    if retention_days == 0:
        print_text("Nothing is deleted: set FIRSTGLANCE_RETENTION_DAYS, or give --days.")
        return
    with open_database(settings) as database, database.erasing() as session:
        count = delete_expired_links(session, retention_days, now())
    print_text(f"Links and sessions deleted: {count}")
