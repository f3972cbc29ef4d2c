"""Pages read the public design and need nothing else of it."""

from app.foundation.json_types import JsonObject
from app.judging.public_design import PublicDesign


def test_an_empty_design_asks_for_sixteen_of_twenty() -> None:
    design = PublicDesign.from_content({})
    assert (design.rubric.needed, design.rubric.peaks) == (16, 20)
    assert "at least 16 of the 20" in design.rubric.operational
    assert design.minutes == (1, 2)


def test_what_a_design_says_is_taken_over() -> None:
    given: JsonObject = {
        "title": "Spring",
        "groups": {"top": 10, "random": 5},
        "hypothesis": False,
        "rubric": {"peaks": 10},
    }
    design = PublicDesign.from_content(given | {"a key for another page": 1})
    assert design.groups == (("top", 10), ("random", 5))
    assert design.rubric.needed == 8
    assert (design.title, design.hypothesis) == ("Spring", False)
