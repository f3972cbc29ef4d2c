"""`firstglance demo`: a whole round on a real pair of models; `--check` runs it with scripted evaluators."""

import tempfile
from pathlib import Path
from typing import TypedDict, Unpack

import click

from app.cli.demo.check import CheckOutcome, Stopwatch, run_check
from app.cli.demo.demo_round import (
    ADMIN,
    YOU,
    DemoPlan,
    create_demo_round,
    demo_archives,
    demo_password,
    find_open_demo_round,
)
from app.cli.options import MOST_TOKENS, PATH, json_option
from app.cli.printing import print_json, print_text
from app.cli.report import print_arms
from app.foundation.paths import resource_folder
from app.foundation.settings import Settings
from app.robots.scripted_evaluators import SCRIPTED_EVALUATORS
from app.rounds.presets import DEFAULT_PRESET, PRESET_NAMES
from app.rounds.unit_words import UnitWords
from app.services.opened_database import open_database
from app.web.addresses import invitation_link
from app.web.serving import bound_socket, browser_address, web_server

TOKENS = 1_000_000
NEURONS = 24


class PlanOptions(TypedDict):
    """The options of the harvest and of the round's size."""

    corpus: str
    token_limit: int
    neurons: int
    preset_name: str


@click.command("demo")
@click.option(
    "--check",
    is_flag=True,
    help="Run the demo in a temporary folder with three scripted evaluators, then verify the export.",
)
@json_option
@click.option(
    "--models", "models_folder", type=PATH, help="Folder of the pair (default: the pair that comes with First Glance)."
)
@click.option("--corpus", default="stdlib", show_default=True, help="The text to harvest; see `harvest --corpus`.")
@click.option(
    "--tokens",
    "token_limit",
    type=click.IntRange(1, MOST_TOKENS),
    default=TOKENS,
    show_default=True,
    help="Stop the harvest after this many tokens.",
)
@click.option("--neurons", type=click.IntRange(1, 10_000), default=NEURONS, show_default=True, help="Neurons per arm.")
@click.option("--preset", "preset_name", type=click.Choice(PRESET_NAMES), default=DEFAULT_PRESET, show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.pass_obj
def demo_command(
    settings: Settings,
    check: bool,
    json_wanted: bool,
    models_folder: Path | None,
    port: int | None,
    **plan_options: Unpack[PlanOptions],
) -> None:
    """Harvest a SoLU/GELU pair on this machine, seal and open a round, print the links and serve it."""
    plan = DemoPlan(
        models_folder=models_folder or resource_folder("demo"),
        evaluator_count=len(SCRIPTED_EVALUATORS) if check else 1,
        **plan_options,
    )
    if check:
        _check(plan, json_wanted=json_wanted)
        return
    _serve(plan, settings if port is None else Settings.read(**settings.model_dump() | {"port": port}))


def _serve(plan: DemoPlan, settings: Settings) -> None:
    """Serve the open round of an earlier run, or a new one."""
    with open_database(settings, in_shell=False) as database:
        demo_round = find_open_demo_round(database, settings.data)
        if demo_round is None:
            archives = demo_archives(plan, settings.data)
            demo_round = create_demo_round(database, plan, archives, settings, [YOU])
        with bound_socket(settings) as listener:
            address = browser_address(listener, settings)
            print_text(
                f"\nA round of {plan.neurons} neurons per arm is open on this machine.\n\n"
                f"  Judge neurons  {invitation_link(address, demo_round.invitation_tokens[0])}\n"
                f"  Administer     {address}/admin   name {ADMIN}, password {demo_password(settings.data)}\n"
                f"  Key to unblind {demo_round.key_file}\n\n"
                "Ctrl+C ends the server; judgments are kept, and `firstglance demo` goes on with this round."
            )
            web_server(settings, database).run(sockets=[listener])


def _check(plan: DemoPlan, *, json_wanted: bool) -> None:
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="firstglance-") as folder, watch.stage("total"):
        check_outcome = run_check(plan, Settings.read(data=Path(folder), database_url="", port=0), watch)
    if json_wanted:
        print_json(check_outcome.content() | {"seconds": watch.seconds})
    else:
        _print_outcome(check_outcome, watch)
    check_outcome.require_verified()


def _print_outcome(check_outcome: CheckOutcome, watch: Stopwatch) -> None:
    print_arms(check_outcome.arms, check_outcome.counted_name, UnitWords({}))
    print_text(f"commitment verified: {'yes' if check_outcome.commitment_verified else 'NO'}")
    print_text("  ".join(f"{name} {seconds:.1f} s" for name, seconds in watch.seconds.items()))
