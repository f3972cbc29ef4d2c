"""The power page: how many neurons and evaluators a question takes, before anyone judges anything."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.foundation.errors import DesignError
from app.report.number_text import NARROW
from app.statistics.power import MOST_NEURONS, PlanPower, StudyPlan, neurons_needed, plan_power
from app.web.admin.sign_in import ViewingAdmin
from app.web.templating import page

NEURONS = (20, 40, 60, 100, 150, 250)
EVALUATORS = (1, 2, 3, 5, 10, 20)
WANTED = 0.8

router = APIRouter(prefix="/admin")


def asked(
    treatment: Annotated[float, Query()] = 0.60,
    reference: Annotated[float, Query()] = 0.35,
    neurons: Annotated[int, Query(le=MOST_NEURONS)] = 60,
    evaluators: Annotated[int, Query(le=MOST_NEURONS)] = 3,
    overlap: Annotated[str, Query(pattern=r"^\s*[0-9]{0,6}\s*$")] = "",
    correlation: Annotated[float, Query()] = 0.5,
    spread: Annotated[float, Query()] = 0.0,
) -> StudyPlan:  # fmt: skip
    """The plan that the form asks about; everyone judges every neuron if `overlap` is left out."""
    judgments = int(overlap) if overlap.strip() else None
    return StudyPlan(treatment, reference, neurons, evaluators, correlation, spread, judgments)


@router.get("/power")
def plan_round(request: Request, admin: ViewingAdmin, plan: Annotated[StudyPlan, Depends(asked)]) -> Response:
    """What the plan can show, what it costs, and the same for other numbers of neurons and evaluators."""
    problem = plan.problem()
    if problem:
        raise DesignError(problem)
    context = {"admin": admin, "plan": plan, "found": _texts(plan_power(plan)), "needed": neurons_needed(plan, WANTED)}
    grid = {"columns": EVALUATORS, "rows": [(count, _row(plan, count)) for count in NEURONS]}
    return page(request, "admin/power.html", context | {"grid": grid, "wanted": _whole(WANTED)})


def _row(plan: StudyPlan, neurons: int) -> list[str]:
    """Power with that many neurons, for each number of evaluators; empty where that plan cannot be."""
    plans = [replace(plan, neurons_per_cell=neurons, evaluator_count=count) for count in EVALUATORS]
    return ["" if one.problem() else _whole(plan_power(one).power) for one in plans]


def _texts(found: PlanPower) -> dict[str, str]:
    return {
        "power": _whole(found.power),
        "half_width": f"{100 * found.half_width:.1f}",
        "judgments": f"{found.judgment_count:,}",
        "hours": f"{found.hours:,.0f}",
    }


def _whole(value: float) -> str:
    """A fraction in whole per cent; a plan is no more exact than that."""
    return f"{100 * value:.0f}{NARROW}%"
