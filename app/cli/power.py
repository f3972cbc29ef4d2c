"""`firstglance power`: how many neurons and evaluators a question needs, before anyone judges anything."""

from typing import Any

import click

from app.cli.common import as_json, print_json
from app.foundation.errors import DesignError
from app.statistics.power import StudyPlan, neurons_for, power

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("power")
@click.option("--treatment", "first", type=SHARE, default=0.60, show_default=True, help="Fraction expected there.")
@click.option("--reference", "second", type=SHARE, default=0.35, show_default=True, help="Fraction expected there.")
@click.option("--neurons", type=click.IntRange(2), default=60, show_default=True, help="Per arm and stratum.")
@click.option("--evaluators", type=click.IntRange(1), default=3, show_default=True)
@click.option("--overlap", type=click.IntRange(1), help="Judgments per neuron; everyone judges all if left out.")
@click.option(
    "--correlation", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Of two verdicts on it."
)
@click.option(
    "--spread", type=click.FloatRange(0), default=0.0, show_default=True, help="SD of evaluators' own effects."
)
@click.option("--strata", type=click.IntRange(1), default=1, show_default=True, help="Sizes that are pooled.")
@click.option("--wanted", type=SHARE, default=0.8, show_default=True, help="Power to find the neurons for.")
@as_json
def power_command(wanted: float, json_wanted: bool, **given: Any) -> None:  # noqa: ANN401 - the plan's own fields
    """Print the power of a plan, the width of its interval and its hours, and how many neurons the power needs."""
    plan = StudyPlan(**given)
    problem = plan.problem()
    if problem:
        raise DesignError(problem)
    found, needed = power(plan), neurons_for(plan, wanted)
    if json_wanted:
        print_json({"plan": vars(plan), **vars(found), "wanted": wanted, "neurons_needed": needed})
        return
    reach = "for evaluators like these" if plan.spread > 0 else "for these evaluators"
    click.echo(f"power {found.power:.2f} to see {plan.first:.0%} against {plan.second:.0%}, {reach}")
    click.echo(f"95 % interval of the difference: about ±{100 * found.half_width:.1f} percentage points")
    click.echo(f"{found.judgments:,} judgments, about {found.hours:.0f} hours")
    enough = f"{needed:,} neurons per arm and stratum" if needed else "no number of neurons; it takes more evaluators"
    click.echo(f"power {wanted:.0%} takes {enough}")
