from typing import Any

import pytest

from app.foundation.errors import DesignError
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan, plan_deviations, require_computable_plan
from app.rounds.planned_numbers import PlannedConstants, PlannedNumbers


def test_the_standard_plan_is_what_the_program_computes() -> None:
    assert plan_deviations(STANDARD_PLAN) == []
    require_computable_plan(STANDARD_PLAN)


def test_a_plan_with_other_numbers_is_computed_as_planned() -> None:
    plan = planned(numbers=PlannedNumbers(shuffles=999, token_detector_share=0.5))
    assert plan_deviations(plan) == []


def planned(**changes: Any) -> AnalysisPlan:
    """The standard plan with changes."""
    return STANDARD_PLAN.model_copy(update=changes)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (
            planned(estimator="the difference of medians"),
            "The design planned estimator: “the difference of medians”; this version of the program computes "
            "“Mantel-Haenszel difference of the fractions over strata”.",
        ),
        (
            planned(constants=PlannedConstants(level=0.9)),
            "The design planned constants.level: “0.9”; this version of the program computes “0.95”.",
        ),
        (planned(rules=2), "The design planned rules: “2”; this version of the program computes “1”."),
        (
            planned(secondary=STANDARD_PLAN.secondary | {"moon": "the phase of the moon"}),
            "The design planned secondary.moon: “the phase of the moon”; this version of the program does not "
            "compute it.",
        ),
        (
            planned(sensitivity={k: v for k, v in STANDARD_PLAN.sensitivity.items() if k != "majority"}),
            "The design did not plan sensitivity.majority; this version of the program computes "
            f"“{STANDARD_PLAN.sensitivity['majority']}”.",
        ),
    ],
)
def test_each_difference_between_plan_and_program_is_a_sentence(plan: AnalysisPlan, sentence: str) -> None:
    assert plan_deviations(plan) == [sentence]
    with pytest.raises(DesignError, match="only the values in") as refusal:
        require_computable_plan(plan)
    assert sentence in str(refusal.value)


def test_every_difference_has_a_sentence_of_its_own() -> None:
    plan = planned(unit="the token", weights="none", constants=PlannedConstants(level=0.9, depth_parts=4))
    assert len(plan_deviations(plan)) == 4


@pytest.mark.parametrize(
    "numbers",
    [{"shuffles": 0}, {"shuffles": 10**9}, {"token_detector_share": 0}, {"bootstrap_draws": 1}, {"rabbits": 1}],
)
def test_numbers_that_no_round_can_be_analysed_with_are_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        PlannedNumbers.model_validate(numbers)
