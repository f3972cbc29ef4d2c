"""`firstglance power`: how many neurons and evaluators a question needs, before anyone judges anything."""

from typing import Any

import click

from app.cli.common import as_json, print_json
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.statistics.power import PlanPower, StudyPlan, neurons_needed, plan_power

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command("power")
@click.option(
    "--treatment", "treatment_fraction", type=SHARE, default=0.60, show_default=True, help="Fraction expected there."
)
@click.option(
    "--reference", "reference_fraction", type=SHARE, default=0.35, show_default=True, help="Fraction expected there."
)
@click.option(
    "--neurons", "neurons_per_cell", type=click.IntRange(2), default=60, show_default=True, help="Per arm and stratum."
)
@click.option("--evaluators", "evaluator_count", type=click.IntRange(1), default=3, show_default=True)
@click.option("--overlap", type=click.IntRange(1), help="Judgments per neuron; everyone judges all if left out.")
@click.option(
    "--correlation",
    "verdict_correlation",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Of two verdicts on it.",
)
@click.option(
    "--spread",
    "evaluator_sd",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="SD of evaluators' own effects.",
)
@click.option(
    "--strata", "stratum_count", type=click.IntRange(1), default=1, show_default=True, help="Sizes that are pooled."
)
@click.option("--wanted", type=SHARE, default=0.8, show_default=True, help="Power to find the neurons for.")
@as_json
def power_command(wanted: float, json_wanted: bool, **plan_fields: Any) -> None:  # noqa: ANN401 - the fields of StudyPlan
    """Print the power of a plan, the width of its interval and its hours, and how many neurons the power needs."""
    plan = StudyPlan(**plan_fields)
    problem = plan.problem()
    if problem:
        raise DesignError(problem)
    reached, needed = plan_power(plan), neurons_needed(plan, wanted)
    if json_wanted:
        print_json(_as_json(plan, reached) | {"wanted": wanted, "neurons_needed": needed})
        return
    fractions = f"{plan.treatment_fraction:.0%} against {plan.reference_fraction:.0%}"
    reach = "for evaluators like these" if plan.evaluator_sd > 0 else "for these evaluators"
    click.echo(f"power {reached.power:.2f} to see {fractions}, {reach}")
    click.echo(f"95 % interval of the difference: about ±{100 * reached.half_width:.1f} percentage points")
    click.echo(f"{reached.judgment_count:,} judgments, about {reached.hours:.0f} hours")
    enough = f"{needed:,} neurons per arm and stratum" if needed else "no number of neurons; it takes more evaluators"
    click.echo(f"power {wanted:.0%} takes {enough}")


def _as_json(plan: StudyPlan, reached: PlanPower) -> JsonObject:
    """The plan and what it can show, under the keys that scripts read."""
    return {
        "plan": {
            "first": plan.treatment_fraction,
            "second": plan.reference_fraction,
            "neurons": plan.neurons_per_cell,
            "evaluators": plan.evaluator_count,
            "correlation": plan.verdict_correlation,
            "spread": plan.evaluator_sd,
            "overlap": plan.overlap,
            "strata": plan.stratum_count,
            "alpha": plan.alpha,
            "minutes": plan.minutes_per_judgment,
        },
        "power": reached.power,
        "half_width": reached.half_width,
        "judgments": reached.judgment_count,
        "hours": reached.hours,
    }
