"""Options and arguments that several commands take."""

import math
import os
from pathlib import Path
from typing import TextIO, get_args

import click

from app.archive.site import require_site
from app.harvest.options import LARGEST_SEED
from app.models.config import GeluForm


class TypedPath(click.Path):
    """A path that somebody typed. An empty one would mean the folder that the shell is in."""

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """The path. Raises click.BadParameter if it is empty."""
        if value == "":
            self.fail("it is empty; name a file or a folder", param, ctx)
        assert isinstance(value, str | os.PathLike)
        return super().convert(value, param, ctx)


class NumberRange(click.FloatRange):
    """A number between two bounds. Click takes “nan” for one, since it is neither below nor above anything."""

    def convert(self, value: float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number, which may be a text. Raises click.BadParameter if it is none, or out of the range."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is no number; give one", param, ctx)
        return number


class SiteName(click.ParamType[str]):
    """The name of a site."""

    name = "site"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name. Raises click.BadParameter with the grammar if it is none."""
        try:
            return require_site(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


PATH = TypedPath(path_type=Path)
"""A path that the command checks itself, so that its error message says which file is needed."""

SEED = click.IntRange(-LARGEST_SEED, LARGEST_SEED)
MOST_TOKENS = 10**15
"""More tokens than any text has."""
LONGEST_TYPED_TEXT = 1 << 20
"""Most characters that are read from a file, or from standard input, in place of typing them."""

json_option = click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
by_option = click.option("--by", help="The admin who acts; leave it out if there is only one.")
break_blind_option = click.option(
    "--break-blind",
    "reason",
    metavar="REASON",
    help="Read it although a round on the same models is open; its log keeps the reason, its report says it.",
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


def read_typed_text(file: TextIO, *, is_one_line: bool = False) -> str:
    """The text of a file or of standard input, or its first line.

    Raises click.UsageError if it is no UTF-8, or longer than anybody types.
    """
    try:
        text = (file.readline if is_one_line else file.read)(LONGEST_TYPED_TEXT + 1)
    except UnicodeDecodeError as error:
        msg = f"{file.name} is no text in UTF-8; save it as such"
        raise click.UsageError(msg) from error
    except OSError as error:
        msg = f"{file.name} cannot be read ({error.strerror}); give the right file"
        raise click.UsageError(msg) from error
    if len(text) > LONGEST_TYPED_TEXT:
        msg = f"{file.name} is longer than {LONGEST_TYPED_TEXT:,} characters; give the right file"
        raise click.UsageError(msg)
    return text
