"""`firstglance admin`: accounts are made here and nowhere else; there is no sign-up."""

from typing import TextIO

import click

from app.cli.common import as_json, database, print_json
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import admins

password_option = click.option(
    "--password-file",
    type=click.File("r", encoding="utf-8"),
    help="Read the password from the first line of a file (- for standard input) instead of asking.",
)


@click.group("admin")
def admin_command() -> None:
    """Add admins and change their passwords."""


@admin_command.command("add")
@click.argument("name")
@password_option
@click.pass_obj
def add(settings: Settings, name: str, password_file: TextIO | None) -> None:
    """Make the admin NAME; the password is asked for, never an argument, so it stays out of the shell's history."""
    password = _password(password_file)
    with database(settings) as opened, opened.writing() as session:
        admins.add_admin(session, name, password, now())
    click.echo(f"{name} can sign in at /admin.")


@admin_command.command("password")
@click.argument("name")
@password_option
@click.pass_obj
def change(settings: Settings, name: str, password_file: TextIO | None) -> None:
    """Give the admin NAME another password, which ends all their sessions."""
    password = _password(password_file)
    with database(settings) as opened, opened.writing() as session:
        admins.change_password(session, name, password)
    click.echo(f"{name} has a new password; older sessions are over.")


@admin_command.command("list")
@as_json
@click.pass_obj
def show(settings: Settings, json_wanted: bool) -> None:
    """Print the admins' names."""
    with database(settings) as opened, opened.reading() as session:
        names = admins.admin_names(session)
    if json_wanted:
        print_json(names)
        return
    click.echo("\n".join(names) or "There is no admin yet; add one with `firstglance admin add NAME`.")


def _password(file: TextIO | None) -> str:
    if file is not None:
        return str(file.readline()).rstrip("\r\n")
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
