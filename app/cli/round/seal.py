"""`firstglance round seal`: neurons drawn, items made, who is who encrypted; the leak audit is the gate."""

from pathlib import Path

import click
from sqlalchemy.orm import Session

from app.cli.common import EXISTING, admin_named, by_option, database
from app.cli.round.audit import show
from app.cli.round.steps import step
from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.private import write_private_file
from app.foundation.settings import Settings
from app.services import seals
from app.services.leak_audit import Audit
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from app.web.leak_audit.audited_seal import audited_seal


@click.command("seal")
@click.argument("round_id", metavar="ROUND")
@click.option(
    "--recipient", "recipients", multiple=True, help="A keyholder's age public key; two at least, any one opens."
)
@click.option("--second", multiple=True, help="Two people must open together: the second person's public keys.")
@click.option(
    "--keys-to", type=EXISTING, help="Instead of recipients: make two keys and write them to this new file, 0600."
)
@click.option("--audit/--no-audit", default=True, help="Close the seal only if the leak audit passes (the default).")
@by_option
@click.pass_obj
def seal_command(
    settings: Settings,
    round_id: str,
    by: str | None,
    audit: bool,
    recipients: tuple[str, ...],
    second: tuple[str, ...],
    keys_to: Path | None,
) -> None:
    """Draw neurons, make items, encrypt who is who, print the commitment; two keys are made unless told otherwise."""
    keys = [] if recipients else [seals.new_key(), seals.new_key()]
    everyone = list(recipients) or [one.recipient for one in keys]
    options = seals.SealOptions(second_person=second, measure=response_sizes)
    sealed, found = _sealed(settings, round_id, by, everyone, options, audited=audit)
    click.echo(f"commitment {sealed.commitment}")
    if found is not None:
        show(found)
    identities = "".join(f"{one.identity}\n" for one in keys)
    if keys and keys_to:
        write_private_file(keys_to, identities)
        click.echo(f"Either key in {keys_to} opens the seal; keep one of them somewhere else.")
    elif keys:
        click.echo("Either of these keys opens the seal. They are shown this once; keep them apart.")
        click.echo(identities, nl=False)


def _sealed(
    settings: Settings,
    round_id: str,
    by: str | None,
    recipients: list[str],
    options: seals.SealOptions,
    *,
    audited: bool,
) -> tuple[SealedDetail, Audit | None]:
    """Seal with the leak audit as the gate, or without one."""
    if audited:
        with database(settings) as base:
            with base.reading() as session:
                admin = admin_named(session, by)
            return audited_seal(base, settings, round_id, recipients, admin, now(), options)

    def seal_it(session: Session, admin: str) -> SealedDetail:
        return seals.seal_round(session, round_id, recipients, render_passages, admin, now(), options)

    return step(settings, round_id, by, "seal", seal_it), None
