"""`firstglance round seal`: draw neurons, make items, run the leak audit and encrypt the allocation."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict, Unpack

import click

from app.cli.database import named_or_only_admin, open_database
from app.cli.options import PATH, by_option, round_argument
from app.cli.round.audit import print_audit
from app.cli.seal_progress import printed_progress
from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.errors import FirstGlanceError, SealError
from app.foundation.private import write_private_file
from app.foundation.settings import Settings
from app.leak_audit.summary import AuditSummary
from app.services import seals
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

WHAT_TO_DO = (
    "Publish the commitment before the first judgment: it shows later that design, items and allocation were not\n"
    "changed. In words, for a registry: `firstglance round preregistration {round_id}`"
)


class KeyChoices(TypedDict):
    """The options that say who can open the seal."""

    recipients: tuple[str, ...]
    second: tuple[str, ...]
    keys_to: Path | None


@click.command("seal")
@round_argument
@click.option(
    "--recipient",
    "recipients",
    multiple=True,
    help="A keyholder's age public key. Give at least two; the key of any one opens the seal.",
)
@click.option(
    "--second", multiple=True, help="Public key of a second person, if two people must open the seal together."
)
@click.option(
    "--keys-to",
    type=PATH,
    help="Without --recipient: write the two new keys to this new file, which only you can read.",
)
@click.option(
    "--audit/--no-audit", "audited", default=True, help="Close the seal only if the leak audit passes (the default)."
)
@click.option(
    "--public-value",
    default="",
    help="The public value that the announcement of the draw named, as it is published now, with letters in lower "
    "case. It completes the seed.",
)
@by_option
@click.pass_obj
def seal_command(
    settings: Settings,
    round_id: str,
    by: str | None,
    audited: bool,
    public_value: str,
    **key_choices: Unpack[KeyChoices],
) -> None:
    """Draw neurons, make items, encrypt the allocation, print the commitment. Makes two keys without --recipient."""
    keys = [] if key_choices["recipients"] else [seals.new_key(), seals.new_key()]
    recipients = list(key_choices["recipients"]) or [key.recipient for key in keys]
    seal_request = SealRequest(recipients, key_choices["second"], public_value, audited)
    identities = [key.identity for key in keys]
    with _stored_keys(identities, key_choices["keys_to"]):
        sealed, audit = _seal_round(settings, round_id, by, seal_request)
    click.echo(f"commitment {sealed.commitment}\n{WHAT_TO_DO.format(round_id=round_id)}")
    if audit is not None:
        print_audit(audit)
    if identities:
        _hand_over_keys(identities, key_choices["keys_to"])


def _seal_round(
    settings: Settings, round_id: str, by: str | None, seal_request: SealRequest
) -> tuple[SealedDetail, AuditSummary | None]:
    """Seal the round, printing the progress on stderr."""
    with open_database(settings) as database:
        with database.reading() as session:
            admin = named_or_only_admin(session, by)
        with printed_progress() as listener:
            return seal_in_this_process(database, settings, round_id, seal_request, admin, now, listener)


@contextmanager
def _stored_keys(identities: Sequence[str], path: Path | None) -> Iterator[None]:
    """Write the keys to a file that only its owner may read before the seal, and delete it if the seal fails.

    So a path that was mistyped costs no draw, and no seal is closed whose keys are lost. Raises SealError if there is
    such a file already.
    """
    if not identities or path is None:
        yield
        return
    try:
        write_private_file(path, _key_lines(identities))
    except FileExistsError as error:
        msg = f"{path} exists already and is not replaced: it may hold keys. Name a new file for the new keys."
        raise SealError(msg) from error
    try:
        yield
    except FirstGlanceError:  # after anything else, such as an interruption, the round may be sealed all the same
        path.unlink()
        raise


def _hand_over_keys(identities: Sequence[str], path: Path | None) -> None:
    """Say where the keys are, or print them."""
    if path is not None:
        click.echo(f"Either key in {path} opens the seal. Store a copy of one of them somewhere else.")
        return
    click.echo("Either of these keys opens the seal. They are shown only now. Store them in different places.")
    click.echo(_key_lines(identities), nl=False)


def _key_lines(identities: Sequence[str]) -> str:
    return "".join(f"{identity}\n" for identity in identities)
