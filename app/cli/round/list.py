"""`firstglance round list`: every round with its state and counts."""

import click

from app.cli.options import json_option
from app.cli.printing import print_json, print_table
from app.foundation.settings import Settings
from app.services import rounds
from app.services.opened_database import open_database

TABLE_COLUMNS = ("id", "state", "items", "evaluators", "judgments", "title")


@click.command("list")
@json_option
@click.pass_obj
def list_command(settings: Settings, json_wanted: bool) -> None:
    """Print every round with its state and counts."""
    with open_database(settings) as database, database.reading() as session:
        summaries = rounds.list_rounds(session)
    if json_wanted:
        print_json([vars(summary) for summary in summaries])
    else:
        print_table(
            ["round", *TABLE_COLUMNS[1:]], [[getattr(summary, name) for name in TABLE_COLUMNS] for summary in summaries]
        )
