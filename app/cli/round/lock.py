"""`firstglance round lock`: end judging."""

import sys

import click
from sqlalchemy.orm import Session

from app.cli.options import by_option, round_argument
from app.cli.printing import print_text
from app.cli.round.step import run_logged_step
from app.foundation.clock import now
from app.foundation.errors import InputError
from app.foundation.settings import Settings
from app.rounds.lifecycle import require_allowed
from app.services import rounds
from app.services.log import lock_digest
from app.services.opened_database import open_database

WHAT_TO_DO = (
    "Publish this digest, or stamp it with `firstglance round timestamp`, before the unblinding:\n"
    "it shows later that no answer was changed since the lock."
)


@click.command("lock")
@round_argument
@click.option("--yes", "sure", is_flag=True, help="Lock without asking.")
@by_option
@click.pass_obj
def lock_command(settings: Settings, round_id: str, sure: bool, by: str | None) -> None:
    """End judging for good; a locked round can be unblinded. Asks first, and says how much was judged."""
    print_text(_what_the_lock_ends(settings, round_id))
    is_confirmed = sure or _ask_to_confirm()
    digest = run_logged_step(
        settings, round_id, by, "lock", lambda session, admin: _lock(session, round_id, admin, sure=is_confirmed)
    )
    print_text(f"The round is locked.\nlock {digest}\n{WHAT_TO_DO}")


def _what_the_lock_ends(settings: Settings, round_id: str) -> str:
    """How many judgments there are, and whether they are as many as the design asks for."""
    with open_database(settings) as database, database.reading() as session:
        require_allowed(rounds.round_progress(session, round_id).state, "lock")
        evaluators = rounds.round_progress(session, round_id).evaluators
        is_short = rounds.is_short_of_target(session, round_id)
    judged, assigned = (
        sum(counts) for counts in ([row.judged for row in evaluators], [row.assigned for row in evaluators])
    )
    target = (
        "The design's target is not reached: the report will say that the round was stopped early."
        if is_short
        else "The design's target is reached."
    )
    people = "1 evaluator" if len(evaluators) == 1 else f"{len(evaluators)} evaluators"
    return f"{judged} of {assigned} assigned items are judged, by {people}. {target}"


def _ask_to_confirm() -> bool:
    """Whether whoever sits at the terminal says yes; without a terminal nobody can."""
    return sys.stdin.isatty() and click.confirm("No judgment can be added after the lock. Lock the round for good?")


def _lock(session: Session, round_id: str, admin: str, *, sure: bool) -> str | None:
    """Lock the round and return the lock's digest. Raises InputError unless somebody is sure."""
    if not sure:
        msg = "The round is not locked: nobody confirmed it. Answer yes in a terminal, or give --yes."
        raise InputError(msg)
    rounds.lock_round(session, round_id, admin, now())
    return lock_digest(session, round_id)
