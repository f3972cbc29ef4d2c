"""Options and arguments that several commands take."""

from pathlib import Path
from typing import get_args

import click

from app.models.config import GeluForm

PATH = click.Path(path_type=Path)
"""A path that the command checks itself, so that its error message says which file is needed."""

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
by_option = click.option("--by", help="The admin who acts; leave it out if there is only one.")
break_blind_option = click.option(
    "--break-blind",
    "reason",
    metavar="REASON",
    help="Read it although a round on the same neurons is open; its log keeps the reason, its report says it.",
)
round_argument = click.argument("round_id", metavar="ROUND")
gelu_option = click.option(
    "--gelu",
    "gelu_form",
    type=click.Choice(get_args(GeluForm)),
    default="tanh",
    show_default=True,
    help="What 'gelu' means in a checkpoint of the NeelNanda repositories, which were trained with tanh.",
)
