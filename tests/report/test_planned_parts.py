"""What the plan names and a design cannot have."""

from typing import Any

from app.report.planned_parts import limits_of_planned_parts
from app.report.preregistration import write_preregistration
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.cell import Cell
from tests.report.test_preregistration import SEALED, make_design

ARMS = ("axolotl", "quokka", "wombat")
ALL_STRATA = ("1L/0", "1L/1", "1L/2")
AUDITED = SEALED.model_copy(update={"audit": {"passed": True}})


def make_full_design(**changes: Any) -> Any:
    """A design with an optional part of every kind, three arms and three runs of one size."""
    cells = [
        Cell(arm=arm, stratum=stratum, archive_sha256=f"{index:064x}")
        for index, (arm, stratum) in enumerate((arm, stratum) for arm in ARMS for stratum in ALL_STRATA)
    ]
    optional_parts: dict[str, Any] = {
        "evaluators": 5,
        "repeats": 4,
        "controls": {"planted": 3},
        "exclusions": {"smallest_planted": 0.6},
        "blinding_question": "sort",
    }
    return make_design(arms=cells, **optional_parts | changes)


def test_a_plain_design_lacks_all_that_it_has_no_part_for() -> None:
    limits = limits_of_planned_parts(make_design(), SEALED)
    absent = {name for name, sentence in limits.items() if sentence.startswith("Not in this round: ")}
    assert absent == {
        "heterogeneity",
        "exclusions",
        "contrasts",
        "training_runs",
        "controls",
        "guesses",
        "sorting",
        "transport",
    }
    assert "only if at least 5 evaluators judge both arms; the design asks for 3" in limits["evaluators_like_these"]
    assert limits["agreement"] == "In this round only between evaluators: no item is repeated."


def test_a_design_with_every_part_lacks_only_the_question_that_it_does_not_ask() -> None:
    assert limits_of_planned_parts(make_full_design(), AUDITED).keys() == {"guesses"}
    design = make_full_design(blinding_question="which_model")
    assert limits_of_planned_parts(design, AUDITED).keys() == {"sorting"}


def test_one_layer_has_no_parts_of_depth() -> None:
    assert "depth" in limits_of_planned_parts(make_full_design(layers=[0]), AUDITED)
    assert "depth" not in limits_of_planned_parts(make_full_design(layers=[0, 1]), AUDITED)


def test_agreement_of_one_evaluator_is_limited_to_repeats() -> None:
    limits = limits_of_planned_parts(make_full_design(evaluators=1), AUDITED)
    assert limits["agreement"].startswith("In this round of evaluators with themselves; between them only if")
    limits = limits_of_planned_parts(make_full_design(evaluators=1, repeats=0), AUDITED)
    assert limits["agreement"].startswith("In this round only if more than the one planned evaluator")


def test_only_names_of_the_plan_are_limited_and_each_sentence_is_registered() -> None:
    planned = STANDARD_PLAN.secondary.keys() | STANDARD_PLAN.sensitivity.keys() | STANDARD_PLAN.blinding.keys()
    text = write_preregistration(make_design(), SEALED)
    for name, sentence in limits_of_planned_parts(make_design(), SEALED).items():
        assert name in planned
        assert any(line.startswith(f"- `{name}`: ") and line.endswith(sentence) for line in text.splitlines())
