"""`firstglance admin`: the only way to make accounts of admins; there is no sign-up."""

from typing import TextIO

import click

from app.cli.options import json_option, read_typed_text
from app.cli.printing import print_json, print_text
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import admins
from app.services.opened_database import open_database

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
def add_admin(settings: Settings, name: str, password_file: TextIO | None) -> None:
    """Add the admin NAME. The command asks for the password, so that it stays out of the shell's history."""
    password = _read_password(password_file)
    with open_database(settings) as database, database.writing() as session:
        admins.add_admin(session, name, password, now())
    print_text(f"{name} can sign in at /admin.")


@admin_command.command("password")
@click.argument("name")
@password_option
@click.pass_obj
def change_password(settings: Settings, name: str, password_file: TextIO | None) -> None:
    """Give the admin NAME a new password, which ends all their sessions."""
    password = _read_password(password_file)
    with open_database(settings) as database, database.writing() as session:
        admins.change_password(session, name, password)
    print_text(f"{name} has a new password; all older sessions have ended.")


@admin_command.command("list")
@json_option
@click.pass_obj
def list_admins(settings: Settings, json_wanted: bool) -> None:
    """Print the admins' names."""
    with open_database(settings) as database, database.reading() as session:
        names = admins.admin_names(session)
    if json_wanted:
        print_json(names)
        return
    print_text("\n".join(names) or "There is no admin yet; add one with `firstglance admin add NAME`.")


def _read_password(password_file: TextIO | None) -> str:
    """The first line of the file; without a file, the password that is typed twice."""
    if password_file is not None:
        return read_typed_text(password_file, is_one_line=True).rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password
