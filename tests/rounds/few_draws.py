"""A plan for rounds whose results are made again and again: the standard one, with fewer random draws."""

from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.planned_numbers import PlannedNumbers

FEW_DRAWS = STANDARD_PLAN.model_copy(
    update={"numbers": PlannedNumbers(shuffles=99, bootstrap_draws=100, guess_draws=100, attack_shuffles=99)}
)
