"""`firstglance round status`: how many items each evaluator has judged."""

import click

from app.cli.options import json_option, round_argument
from app.cli.printing import print_facts, print_json, print_table, print_text
from app.foundation.settings import Settings
from app.services import rounds
from app.services.draws import AnnouncedDraw, announced_draw
from app.services.log import log_problem, round_events
from app.services.opened_database import open_database
from app.services.round_keys import RoundKeys, missing_key_warning
from app.services.rounds import EvaluatorProgress, RoundProgress


@click.command("status")
@round_argument
@json_option
@click.pass_obj
def status_command(settings: Settings, round_id: str, json_wanted: bool) -> None:
    """Print how many items each evaluator has judged; it shows no verdicts."""
    with open_database(settings) as database, database.reading() as session:
        round_progress = rounds.round_progress(session, round_id)
        event_count = len(round_events(session, round_id))
        announced = announced_draw(session, round_id)
        key_warning = missing_key_warning(session, round_id, RoundKeys.in_data_folder(settings.data))
        warning = "\n".join(filter(None, (log_problem(session, round_id), key_warning))) or None
    if json_wanted:
        evaluators = [vars(evaluator) for evaluator in round_progress.evaluators]
        facts = {
            "evaluators": evaluators,
            "events": event_count,
            "announced": _announced_facts(announced),
            "warning": warning,
        }
        print_json({**vars(round_progress), **facts})
    else:
        _print_progress(round_progress, announced)
        if warning is not None:
            print_text(f"\n{warning}")


def _announced_facts(announced: AnnouncedDraw | None) -> dict[str, str | float | None]:
    """The newest announcement of the draw, under the names that `announce-draw` prints; empty without one."""
    if announced is None:
        return {}
    announcement = announced.announcement
    return {
        "announcement": f"{announcement.number}, the newest one",
        "public value": announcement.public_name,
        "characters of the value": announcement.value_length,
        "digest of the server's half": announcement.half_sha256,
        "digest of the log's entry": announced.chain,
    }


def _print_progress(round_progress: RoundProgress, announced: AnnouncedDraw | None) -> None:
    print_facts(
        {
            "title": round_progress.title,
            "state": round_progress.state,
            **_announced_facts(announced),
            "commitment": round_progress.commitment or "none yet",
            "lock": round_progress.lock or "none yet",
            "result": round_progress.result or "none yet",
            "items": round_progress.items,
            "evaluators": f"{len(round_progress.evaluators)} of {round_progress.target}",
        }
    )
    if round_progress.evaluators:
        print_text()
        lines = [
            [evaluator.name, evaluator.judged, evaluator.assigned, _exposed_text(evaluator)]
            for evaluator in round_progress.evaluators
        ]
        print_table(["evaluator", "judged", "assigned", "exposed"], lines)
    for evaluator in round_progress.evaluators:
        if evaluator.exposed_since:
            print_text(f"\n{evaluator.exposed_since_sentence}")


def _exposed_text(evaluator_progress: EvaluatorProgress) -> str:
    if evaluator_progress.exposed_since:
        return "since the invitation"
    return "yes" if evaluator_progress.exposed else "no"
