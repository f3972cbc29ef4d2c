"""`firstglance round list` and `round status`: how far rounds are, in counts, never in verdicts."""

import click

from app.cli.common import as_json, database, print_json, print_pairs, print_table
from app.foundation.settings import Settings
from app.services import rounds
from app.services.log import round_events


@click.command("list")
@as_json
@click.pass_obj
def list_command(settings: Settings, json_wanted: bool) -> None:
    """Print every round."""
    with database(settings) as base, base.reading() as session:
        found = rounds.list_rounds(session)
    if json_wanted:
        print_json([vars(one) for one in found])
        return
    head = ["round", "state", "items", "evaluators", "judgments", "title"]
    print_table(head, [[one.id, one.state, one.items, one.evaluators, one.judgments, one.title] for one in found])


@click.command("status")
@click.argument("round_id", metavar="ROUND")
@as_json
@click.pass_obj
def status_command(settings: Settings, round_id: str, json_wanted: bool) -> None:
    """Print how far each evaluator is: counts of judgments, never of verdicts."""
    with database(settings) as base, base.reading() as session:
        found = rounds.round_progress(session, round_id)
        log = round_events(session, round_id)
    if json_wanted:
        print_json({**vars(found), "evaluators": [vars(one) for one in found.evaluators], "events": len(log)})
        return
    facts = {"state": found.state, "commitment": found.commitment or "none yet", "items": found.items}
    print_pairs({"title": found.title, **facts, "evaluators": f"{len(found.evaluators)} of {found.target}"})
    if found.evaluators:
        click.echo()
        rows = [[one.name, one.judged, one.assigned, "yes" if one.exposed else "no"] for one in found.evaluators]
        print_table(["evaluator", "judged", "of", "exposed"], rows)
