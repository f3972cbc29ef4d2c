"""`firstglance invite`, `round open`, `round lock` and `round abandon`: the plain steps of a round's life."""

from collections.abc import Callable
from typing import TypeVar

import click
from sqlalchemy.orm import Session

from app.cli.common import admin_named, by_option, database
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds
from app.services.log import logged_attempt

Result = TypeVar("Result")


def step(
    settings: Settings, round_id: str, by: str | None, name: str, step: Callable[[Session, str], Result]
) -> Result:
    """One guarded step, whose refusal is logged."""
    with database(settings) as base:
        with base.reading() as session:
            admin = admin_named(session, by)
        with logged_attempt(base, round_id, admin, name, now()) as session:
            return step(session, admin)


@click.command("open")
@click.argument("round_id", metavar="ROUND")
@by_option
@click.pass_obj
def open_command(settings: Settings, round_id: str, by: str | None) -> None:
    """Let evaluators begin."""
    step(settings, round_id, by, "open", lambda session, admin: rounds.open_round(session, round_id, admin, now()))
    click.echo("The round is open.")


@click.command("lock")
@click.argument("round_id", metavar="ROUND")
@by_option
@click.pass_obj
def lock_command(settings: Settings, round_id: str, by: str | None) -> None:
    """End judging for good; a locked round can be unblinded."""
    step(settings, round_id, by, "lock", lambda session, admin: rounds.lock_round(session, round_id, admin, now()))
    click.echo("The round is locked.")


@click.command("abandon")
@click.argument("round_id", metavar="ROUND")
@click.option("--reason", required=True)
@by_option
@click.pass_obj
def abandon_command(settings: Settings, round_id: str, reason: str, by: str | None) -> None:
    """Give the round up; it stays visible as abandoned for ever."""
    step(
        settings,
        round_id,
        by,
        "abandon",
        lambda session, admin: rounds.abandon_round(session, round_id, admin, reason, now()),
    )
    click.echo("The round is abandoned.")


@click.command("invite")
@click.argument("round_id", metavar="ROUND")
@click.argument("name")
@click.option("--exposed", is_flag=True, help="They created the round, held a key or saw these models unblinded.")
@click.option(
    "--base-url", default="http://127.0.0.1:8000", show_default=True, help="Where evaluators reach the server."
)
@by_option
@click.pass_obj
def invite_command(settings: Settings, round_id: str, name: str, exposed: bool, base_url: str, by: str | None) -> None:
    """Invite an evaluator under the pseudonym NAME and print the link, this once."""
    invitation = step(
        settings,
        round_id,
        by,
        "invite",
        lambda session, admin: rounds.invite_evaluator(session, round_id, name, exposed, admin, now()),
    )
    click.echo(f"{base_url.rstrip('/')}/i/{invitation.token}")
