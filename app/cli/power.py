"""`firstglance power`: how many units, such as neurons, and evaluators a round needs, before anyone judges."""

from typing import TypedDict, Unpack

import click

from app.cli.options import NumberRange, json_option
from app.cli.printing import print_json, print_text
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.statistics.power import MOST_NEURONS, PlanPower, StudyPlan, neurons_needed, plan_power

SHARE = NumberRange(0, 1, min_open=True, max_open=True)


class PlanChoices(TypedDict):
    """The options of the command: the fields of a plan."""

    treatment_fraction: float
    reference_fraction: float
    neurons_per_cell: int
    evaluator_count: int
    overlap: int | None
    verdict_correlation: float
    evaluator_sd: float
    stratum_count: int


@click.command("power")
@click.option(
    "--treatment",
    "treatment_fraction",
    type=SHARE,
    default=0.60,
    show_default=True,
    help="Fraction expected in the treatment arm.",
)
@click.option(
    "--reference",
    "reference_fraction",
    type=SHARE,
    default=0.35,
    show_default=True,
    help="Fraction expected in the reference arm.",
)
@click.option(
    "--neurons",
    "neurons_per_cell",
    type=click.IntRange(2, MOST_NEURONS),
    default=60,
    show_default=True,
    help="Units, such as neurons, per arm and stratum.",
)
@click.option(
    "--evaluators",
    "evaluator_count",
    type=click.IntRange(1, MOST_NEURONS),
    default=3,
    show_default=True,
    help="How many people judge.",
)
@click.option(
    "--overlap",
    type=click.IntRange(1, MOST_NEURONS),
    help="Judgments per unit. Without it everyone judges every unit.",
)
@click.option(
    "--correlation",
    "verdict_correlation",
    type=NumberRange(0, 1),
    default=0.5,
    show_default=True,
    help="Correlation between two evaluators' verdicts on one unit.",
)
@click.option(
    "--spread",
    "evaluator_sd",
    type=NumberRange(0, 1),
    default=0.0,
    show_default=True,
    help="How much the difference varies between evaluators: standard deviation, from 0 to 1.",
)
@click.option(
    "--strata",
    "stratum_count",
    type=click.IntRange(1, MOST_NEURONS),
    default=1,
    show_default=True,
    help="How many strata are pooled.",
)
@click.option(
    "--wanted",
    "target_power",
    type=SHARE,
    default=0.8,
    show_default=True,
    help="Compute the units that this power needs.",
)
@json_option
def power_command(target_power: float, json_wanted: bool, **plan_choices: Unpack[PlanChoices]) -> None:
    """Print a plan's power, the width of its interval, its hours of judging, and how many units a power needs."""
    plan = StudyPlan(**plan_choices)
    problem = plan.problem()
    if problem:
        raise DesignError(problem)
    forecast, needed = plan_power(plan), neurons_needed(plan, target_power)
    if json_wanted:
        print_json(_as_json(plan, forecast) | {"wanted": target_power, "neurons_needed": needed})
        return
    fractions = f"{plan.treatment_fraction:.0%} against {plan.reference_fraction:.0%}"
    population = "for evaluators like these" if plan.evaluator_sd > 0 else "for these evaluators"
    print_text(f"power {forecast.power:.2f} to see {fractions}, {population}")
    print_text(f"95 % interval of the difference: about ±{100 * forecast.half_width:.1f} percentage points")
    print_text(f"{forecast.judgment_count:,} judgments, about {forecast.hours:.0f} hours")
    print_text(_neurons_needed_text(target_power, needed))


def _neurons_needed_text(target_power: float, needed: int | None) -> str:
    if needed is None:
        return f"No number of units gives a power of {100 * target_power:.0f} %; plan more evaluators."
    return f"A power of {100 * target_power:.0f} % needs {needed:,} units per arm and stratum."


def _as_json(plan: StudyPlan, forecast: PlanPower) -> JsonObject:
    """The plan and its forecast as JSON, under the keys that scripts read."""
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
        "power": forecast.power,
        "half_width": forecast.half_width,
        "judgments": forecast.judgment_count,
        "hours": forecast.hours,
    }
