"""`firstglance round seal`: draw neurons, make items, run the leak audit and encrypt the allocation."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app.cli.options import PATH, by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.audit import print_audit
from app.cli.round.step import print_warning
from app.cli.seal_progress import printed_progress
from app.evidence.event_details import SealedDetail
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.leak_audit.summary import AuditSummary
from app.services.new_keys import are_kept_for_draft, proved_keys_in
from app.services.opened_database import named_or_only_admin, open_database
from app.services.rounds import round_progress
from app.web.leak_audit.audited_seal import SealRequest, seal_in_this_process

WHAT_TO_DO = (
    "Publish the commitment before the first judgment: it shows later that design, items and allocation were not\n"
    "changed. In words, for a registry: `firstglance round preregistration {round_id}`"
)
SEAL_AGAIN = "Seal it again without --keys-to."


@click.command("seal")
@round_argument
@click.option(
    "--keys-to",
    type=PATH,
    help="Make two keys, write them to this new file, which only you can read, and prove them. Without it the round is "
    "sealed to the keys that `round keys` lists.",
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
    settings: Settings, round_id: str, by: str | None, audited: bool, public_value: str, keys_to: Path | None
) -> None:
    """Draw neurons, make items, encrypt the allocation to proved keys, print the commitment."""
    proved_keys = proved_keys_in(keys_to, settings, round_id, by, print_warning, SEAL_AGAIN)
    with _told_what_remains(keys_to, settings, round_id), proved_keys:
        sealed, audit = _seal_round(settings, round_id, by, SealRequest(public_value=public_value, audited=audited))
    print_text(f"commitment {sealed.commitment}\n{WHAT_TO_DO.format(round_id=round_id)}")
    if audit is not None:
        print_audit(audit)
    if keys_to is not None:
        print_text(f"Either key in {keys_to} opens the seal. Store a copy of one of them somewhere else.")


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
def _told_what_remains(keys_to: Path | None, settings: Settings, round_id: str) -> Iterator[None]:
    """After Ctrl+C, say whether the round was sealed, and that keys which were proved for it stay."""
    try:
        yield
    except KeyboardInterrupt:
        print_text(f"\n{_what_remains(keys_to, settings, round_id)}", err=True)
        raise


def _what_remains(keys_to: Path | None, settings: Settings, round_id: str) -> str:
    with open_database(settings) as database, database.reading() as session:
        state = round_progress(session, round_id).state
    if state != "draft":
        return f"The seal was stored before you stopped it: the round is {state}."
    if keys_to is None or not are_kept_for_draft(keys_to, settings, round_id):
        return "Stopped: nothing was sealed."
    return f"Stopped: nothing was sealed. The keys in {keys_to} stay there, proved for the round. {SEAL_AGAIN}"
