"""`firstglance round announce-draw`: fix the server's half of the seed, and name the value that will complete it."""

import click

from app.cli.options import by_option, round_argument
from app.cli.printing import print_facts, print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.draws import LONGEST_PUBLIC_TEXT, announce_draw


@click.command("announce-draw")
@round_argument
@click.option(
    "--value",
    "public_name",
    required=True,
    help="Name of a public value that nobody knows yet, such as the round of a randomness beacon, with its number, and "
    "how the value is written: order, separators, digits. For example “lottery numbers of 10 January 2026, in "
    "ascending order, two digits each, with single spaces between them”: else they could be written in several ways, "
    "each of which gives another draw.",
)
@click.option(
    "--length",
    "value_length",
    required=True,
    type=click.IntRange(1, LONGEST_PUBLIC_TEXT),
    help="How many characters the value will have. A length, letters in lower case and plain characters still leave "
    "several spellings of some values, so the name has to say how the value is written, and how it is filled up if its "
    "length may vary, such as “five digits, with leading zeros”.",
)
@by_option
@click.pass_obj
def announce_draw_command(
    settings: Settings, round_id: str, public_name: str, value_length: int, by: str | None
) -> None:
    """Log the digest of the server's half of the seed, with the name of the public value that will complete it."""
    announced = run_logged_step(
        settings,
        round_id,
        by,
        "announce",
        lambda session, admin: announce_draw(
            session, round_id, public_name, settings.data, admin, now(), value_length=value_length
        ),
    )
    print_facts(
        {
            "announcement": announced.announcement.number,
            "public value": announced.announcement.public_name,
            "characters of the value": announced.announcement.value_length,
            "digest of the server's half": announced.announcement.half_sha256,
            "digest of the log's entry": announced.chain,
        }
    )
    print_text(
        "Publish the last digest now, before the value is out: only that shows that this was the one announcement "
        "(`firstglance verify --announcement`). When the value is out: `round seal --public-value VALUE`, with letters "
        "in lower case."
    )
