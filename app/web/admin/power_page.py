"""The power page: how many neurons and evaluators a planned round needs."""

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.foundation.errors import DesignError
from app.foundation.typography import NO_BREAK_SPACE
from app.statistics.power import MOST_NEURONS, StudyPlan, neurons_needed, plan_power
from app.web.admin.admin_page import render_admin_page
from app.web.admin.sign_in import ViewingAdmin

NEURON_COUNTS = (20, 40, 60, 100, 150, 250)
EVALUATOR_COUNTS = (1, 2, 3, 5, 10, 20)
TARGET_POWER = 0.8

router = APIRouter(prefix="/admin")


@dataclass(frozen=True)
class PowerTexts:
    """The power of a plan and its costs, as texts of the page."""

    power: str
    half_width: str
    """Half the width of the difference's interval, in percentage points."""
    total_judgments: str
    judging_hours: str
    target: str
    """The power that `neurons_needed` neurons per arm give."""
    neurons_needed: int | None


def study_plan(
    treatment: Annotated[float, Query()] = 0.60,
    reference: Annotated[float, Query()] = 0.35,
    neuron_count: Annotated[int, Query(alias="neurons", le=MOST_NEURONS)] = 60,
    evaluator_count: Annotated[int, Query(alias="evaluators", le=MOST_NEURONS)] = 3,
    overlap_text: Annotated[str, Query(alias="overlap", pattern=r"^\s*[0-9]{0,6}\s*$")] = "",
    correlation: Annotated[float, Query()] = 0.5,
    spread: Annotated[float, Query()] = 0.0,
) -> StudyPlan:  # fmt: skip
    """The plan that the form describes; every evaluator judges every neuron if `overlap_text` is empty."""
    overlap = int(overlap_text) if overlap_text.strip() else None
    return StudyPlan(treatment, reference, neuron_count, evaluator_count, correlation, spread, overlap)


@router.get("/power")
def show_power(request: Request, admin: ViewingAdmin, plan: Annotated[StudyPlan, Depends(study_plan)]) -> Response:
    """Show the plan's power and costs, and the power with other numbers of neurons and evaluators."""
    problem = plan.problem()
    if problem:
        raise DesignError(problem)
    grid = {"columns": EVALUATOR_COUNTS, "rows": [(count, _power_row(plan, count)) for count in NEURON_COUNTS]}
    return render_admin_page(request, "admin/power.html", admin, plan=plan, texts=_power_texts(plan), grid=grid)


def _power_row(plan: StudyPlan, neuron_count: int) -> list[str]:
    """The power with this number of neurons, for each number of evaluators; "" where the plan is impossible."""
    variants = [replace(plan, neurons_per_cell=neuron_count, evaluator_count=count) for count in EVALUATOR_COUNTS]
    return ["" if variant.problem() else _whole_percent(plan_power(variant).power) for variant in variants]


def _power_texts(plan: StudyPlan) -> PowerTexts:
    power = plan_power(plan)
    return PowerTexts(
        power=_whole_percent(power.power),
        half_width=f"{100 * power.half_width:.1f}",
        total_judgments=f"{power.judgment_count:,}",
        judging_hours=f"{power.hours:,.0f}",
        target=_whole_percent(TARGET_POWER),
        neurons_needed=neurons_needed(plan, TARGET_POWER),
    )


def _whole_percent(fraction: float) -> str:
    """The fraction in whole per cent, because a plan is not more exact than that."""
    return f"{100 * fraction:.0f}{NO_BREAK_SPACE}%"
