"""`firstglance power`: the planner's numbers and its refusals."""

import json

import pytest
from click.testing import CliRunner

from app.cli.power import power_command
from app.foundation.errors import DesignError


def test_the_papers_own_question_needs_about_forty_neurons() -> None:
    result = CliRunner().invoke(power_command, ["--json"])
    numbers = json.loads(result.output)
    assert numbers["power"] == pytest.approx(0.93, abs=0.005)
    assert numbers["neurons_needed"] == 41
    assert numbers["judgments"] == 360


def test_the_printed_power_says_for_which_evaluators_it_holds() -> None:
    for_these = CliRunner().invoke(power_command, [])
    for_evaluators_like_these = CliRunner().invoke(power_command, ["--spread", "0.05", "--evaluators", "10"])
    assert "for these evaluators" in for_these.output
    assert "for evaluators like these" in for_evaluators_like_these.output


def test_a_spread_of_one_evaluator_is_refused_with_a_sentence() -> None:
    with pytest.raises(DesignError, match="at least two evaluators"):
        CliRunner().invoke(power_command, ["--evaluators", "1", "--spread", "0.1"], catch_exceptions=False)


def test_if_no_number_of_neurons_gives_the_power_the_command_says_to_plan_more_evaluators() -> None:
    result = CliRunner().invoke(power_command, ["--spread", "0.3"])
    assert "No number of units gives a power of 80 %; plan more evaluators." in result.output
