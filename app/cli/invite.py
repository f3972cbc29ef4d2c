"""`firstglance invite`: make and print an evaluator's link."""

import click

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services import rounds
from app.web.addresses import invitation_link


@click.command("invite")
@round_argument
@click.argument("name")
@click.option(
    "--exposed", is_flag=True, help="The evaluator created the round, held a key or saw these models unblinded."
)
@click.option(
    "--base-url",
    default="http://127.0.0.1:8000",
    show_default=True,
    help="The address at which evaluators reach the server.",
)
@by_option
@click.pass_obj
def invite_command(settings: Settings, round_id: str, name: str, exposed: bool, base_url: str, by: str | None) -> None:
    """Invite an evaluator under the pseudonym NAME and print the link. It is printed only now and stored nowhere."""
    invitation = run_logged_step(
        settings,
        round_id,
        by,
        "invite",
        lambda session, admin: rounds.invite_evaluator(session, round_id, name, exposed, admin, now()),
    )
    if invitation.exposed_because:
        print_text(f"{invitation.pseudonym} counts as exposed: {'; '.join(invitation.exposed_because)}", err=True)
    print_text(invitation_link(base_url, invitation.token))
