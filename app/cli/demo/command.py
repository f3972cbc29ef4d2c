"""`firstglance demo`: everything once, on a real pair of models; `--check` does it without you."""

import tempfile
from pathlib import Path

import click

from app.cli.common import EXISTING, as_json, database, print_json
from app.cli.demo.check import Outcome, Stopwatch, run_check
from app.cli.demo.demo_round import ADMIN, DemoPlan, find_open_round, harvested, make_round, password
from app.cli.reports import print_arms
from app.cli.serve import address_of, listening, server
from app.foundation.paths import resource_folder
from app.foundation.settings import Settings
from app.rounds.presets import PRESET_NAMES

TOKENS = 1_000_000
NEURONS = 60


@click.command("demo")
@click.option(
    "--check", is_flag=True, help="Let three scripted evaluators do it all in a temporary folder, then verify."
)
@as_json
@click.option("--models", type=EXISTING, help="Folder of the pair (default: the pair that comes with First Glance).")
@click.option("--corpus", default="stdlib", show_default=True, help="What is harvested; see `harvest --corpus`.")
@click.option(
    "--tokens", type=click.IntRange(1), default=TOKENS, show_default=True, help="Tokens of it, for both arms."
)
@click.option("--neurons", type=click.IntRange(1), default=NEURONS, show_default=True, help="Neurons per arm.")
@click.option("--preset", type=click.Choice(PRESET_NAMES), default="solu-rank", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.pass_obj
def demo_command(
    settings: Settings, /, check: bool, json_wanted: bool, models: Path | None, port: int | None, **choices: object
) -> None:
    """Harvest a SoLU/GELU pair on this machine, seal and open a round, print the links and serve it."""
    plan = DemoPlan.of(models or resource_folder("demo"), evaluators=3 if check else 1, **choices)
    if check:
        _check(plan, json_wanted)
        return
    chosen = settings if port is None else Settings.read(**settings.model_dump() | {"port": port})
    _serve(plan, chosen)


def _serve(plan: DemoPlan, settings: Settings) -> None:
    with database(settings) as base:
        found = find_open_round(base, settings.data)
        if found is None:
            found = make_round(base, plan, harvested(plan, settings.data), settings.data, ["you"])
        with listening(settings) as place:
            address = address_of(place, settings)
            click.echo(
                f"\nA round of {plan.neurons} neurons per arm is open on this machine.\n\n"
                f"  Judge neurons  {address}/i/{found.tokens[0]}\n"
                f"  Administer     {address}/admin   name {ADMIN}, password {password(settings.data)}\n"
                f"  Key to unblind {found.key_file}\n\n"
                "Ctrl+C ends the server; judgments are kept, and `firstglance demo` goes on where it was."
            )
            server(settings, base).run(sockets=[place])


def _check(plan: DemoPlan, json_wanted: bool) -> None:
    watch = Stopwatch()
    with tempfile.TemporaryDirectory(prefix="firstglance-") as folder, watch.stage("total"):
        outcome = run_check(plan, Settings.read(data=Path(folder), database_url="", port=0), watch)
    if json_wanted:
        print_json(outcome.content() | {"seconds": watch.seconds})
    else:
        _print(outcome, watch)
    outcome.require_verified()


def _print(outcome: Outcome, watch: Stopwatch) -> None:
    print_arms(outcome.arms)
    click.echo(f"commitment verified: {'yes' if outcome.commitment_verified else 'NO'}")
    click.echo("  ".join(f"{name} {seconds:.1f} s" for name, seconds in watch.seconds.items()))
