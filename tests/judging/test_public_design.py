"""Pages read the public design and need nothing else of a design."""

from app.foundation.json_types import JsonObject
from app.judging.public_design import PublicDesign
from app.tasks.first_glance.rubric import FilledRubric


def test_an_empty_design_asks_for_sixteen_of_twenty() -> None:
    design = PublicDesign.from_content({})
    assert isinstance(design.rubric, FilledRubric)
    assert (design.rubric.needed, design.rubric.peaks) == (16, 20)
    assert "at least 16 of the 20" in design.rubric.operational
    assert design.minutes == (1, 2)


def test_fields_that_a_design_states_are_taken_over_and_unknown_ones_left_alone() -> None:
    content: JsonObject = {
        "title": "Spring",
        "groups": {"top": 10, "random": 5},
        "hypothesis": False,
        "rubric": {"peaks": 10},
        "overlap": None,
        "a key for another page": 1,
    }
    design = PublicDesign.from_content(content)
    assert design.groups == (("top", 10), ("random", 5))
    assert isinstance(design.rubric, FilledRubric)
    assert design.rubric.needed == 8
    assert (design.title, design.hypothesis, design.overlap) == ("Spring", False, 0)


def test_whole_minutes_stay_whole_as_the_pages_print_them() -> None:
    assert str(PublicDesign.from_content({"minutes": [1, 2.5]}).minutes) == "(1, 2.5)"


def test_a_second_step_is_asked_for_a_rule_or_the_aids() -> None:
    assert PublicDesign(hypothesis=True).asks_second_step
    assert PublicDesign(hypothesis=False, aids=True).asks_second_step
    assert not PublicDesign(hypothesis=False).asks_second_step
