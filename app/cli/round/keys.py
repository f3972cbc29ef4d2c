"""`firstglance round keys`: the keys that a round is to be sealed to."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.options import PATH, by_option, json_option, round_argument
from app.cli.printing import print_json, print_table, print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import keyholders, rounds, unblinding
from app.services.key_files import read_key_file
from app.services.key_standing import key_standing
from app.services.opened_database import open_database

KEY_NUMBER = click.IntRange(1, 10_000)


@click.group("keys")
def keys_command() -> None:
    """Name, prove and remove the keys that a round is to be sealed to."""


@keys_command.command("list")
@round_argument
@json_option
@click.pass_obj
def list_keys(settings: Settings, round_id: str, json_wanted: bool) -> None:
    """Print the keys of a round, with the challenge of each that is not proved, and what is missing."""
    with open_database(settings) as database, database.reading() as session:
        standing = key_standing(session, round_id)
    to_prove = keyholders.keys_to_prove(standing.listed)
    facts = [
        {
            "number": row.id,
            "person": row.person,
            "opens": row.layer,
            "proved": row not in to_prove,
            "public_key": row.public_key,
        }
        for row in standing.listed
    ]
    if json_wanted:
        print_json({"keys": facts, "missing": standing.missing})
        return
    print_table(
        ["number", "person", "opens", "proved", "public key"], [[str(cell) for cell in fact.values()] for fact in facts]
    )
    for row in to_prove if standing.state == "draft" else ():
        print_text(f"\nChallenge for {row.person}\n{row.challenge}")
    print_text(standing.sentence)


@keys_command.command("name")
@round_argument
@click.argument("public_key")
@click.option("--person", default="", help="Who holds the key; left out, the admin who acts.")
@by_option
@click.pass_obj
def name_key(settings: Settings, round_id: str, public_key: str, person: str, by: str | None) -> None:
    """Put a public key on the list and print its challenge. Keys of a second person are named on the round's page."""

    def name(session: Session, admin: str) -> str:
        return keyholders.name_key(session, round_id, public_key, person, 1, admin, now()).challenge

    print_text(run_logged_step(settings, round_id, by, "name key", name))


@keys_command.command("prove")
@round_argument
@click.option("--key-file", type=PATH, help="File with the secret keys to prove; they are not stored.")
@click.option("--number", type=KEY_NUMBER, help="Number of the key in the list, with --answer.")
@click.option("--answer", "answer_text", default="", help="The text of the challenge of key --number.")
@by_option
@click.pass_obj
def prove_key(
    settings: Settings, round_id: str, key_file: Path | None, number: int | None, answer_text: str, by: str | None
) -> None:
    """Prove keys of a draft, or of a round that was sealed before keys were proved."""
    identities = [] if key_file is None else read_key_file(key_file)
    if not identities and number is None:
        msg = "Give --key-file FILE, or --number and --answer."
        raise click.UsageError(msg)

    def prove(session: Session, admin: str) -> None:
        if number is not None:
            keyholders.prove_key_by_answer(session, round_id, number, answer_text, admin, now())
        is_sealed = rounds.round_progress(session, round_id).state == "sealed"
        prove_secret = unblinding.prove_key_of_seal if is_sealed else keyholders.prove_key_by_secret
        for identity in identities:
            prove_secret(session, round_id, identity, admin, now())

    run_logged_step(settings, round_id, by, "prove key", prove)
    print_text("The key is proved.")


@keys_command.command("remove")
@round_argument
@click.argument("number", type=KEY_NUMBER)
@by_option
@click.pass_obj
def remove_key(settings: Settings, round_id: str, number: int, by: str | None) -> None:
    """Take a lost or wrong key off the list of a draft; the log keeps that it was there."""
    run_logged_step(
        settings,
        round_id,
        by,
        "remove key",
        lambda session, admin: keyholders.remove_key(session, round_id, number, admin, now()),
    )
    print_text("The key is removed.")
