"""`firstglance round seal`: neurons drawn, items made, who is who encrypted; the leak audit is the gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import click

from app.cli.database import named_or_only_admin, open_database
from app.cli.options import PATH, by_option, round_argument
from app.cli.round.audit import print_audit
from app.cli.round.step import guarded_step
from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.private import write_private_file
from app.foundation.settings import Settings
from app.leak_audit.summary import AuditSummary
from app.services import seals
from app.services.seals import SealOptions
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.audited_seal import audited_seal


class KeyChoices(TypedDict):
    """The options of who can open the seal."""

    recipients: tuple[str, ...]
    second: tuple[str, ...]
    keys_to: Path | None


@click.command("seal")
@round_argument
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    help="A keyholder's age public key; at least two, and any of them opens the seal.",
)
@click.option(
    "--second", multiple=True, help="Two people must open the seal together: the second person's public keys."
)
@click.option(
    "--keys-to", type=PATH, help="Instead of recipients: make two keys and write them to this new file, 0600."
)
@click.option(
    "--audit/--no-audit", "audited", default=True, help="Close the seal only if the leak audit passes (the default)."
)
@by_option
@click.pass_obj
def seal_command(
    settings: Settings, round_id: str, by: str | None, audited: bool, **key_choices: Unpack[KeyChoices]
) -> None:
    """Draw neurons, make items, encrypt who is who, print the commitment; keys are made unless recipients are named."""
    keys = [] if key_choices["recipients"] else [seals.new_key(), seals.new_key()]
    recipients = list(key_choices["recipients"]) or [key.recipient for key in keys]
    options = SealOptions(second_person=key_choices["second"], measure=response_sizes)
    sealed, audit = _seal_round(settings, round_id, by, recipients, options, audited=audited)
    click.echo(f"commitment {sealed.commitment}")
    if audit is not None:
        print_audit(audit)
    if keys:
        _hand_over_keys([key.identity for key in keys], key_choices["keys_to"])


def _seal_round(
    settings: Settings, round_id: str, by: str | None, recipients: Sequence[str], options: SealOptions, *, audited: bool
) -> tuple[SealedDetail, AuditSummary | None]:
    """Seal with the leak audit as the gate, or without one."""
    if not audited:
        sealed = guarded_step(
            settings,
            round_id,
            by,
            "seal",
            lambda session, admin: seals.seal_round(
                session, round_id, recipients, render_passages, admin, now(), options
            ),
        )
        return sealed, None
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
        return audited_seal(database, settings, round_id, recipients, admin, now(), options)


def _hand_over_keys(identities: Sequence[str], path: Path | None) -> None:
    """Write the keys to a file that only its owner may read, or print them."""
    lines = "".join(f"{identity}\n" for identity in identities)
    if path is not None:
        write_private_file(path, lines)
        click.echo(f"Either key in {path} opens the seal; keep one of them somewhere else.")
        return
    click.echo("Either of these keys opens the seal. They are shown this once; keep them apart.")
    click.echo(lines, nl=False)
