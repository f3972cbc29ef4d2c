import pytest

from app.foundation.errors import JudgmentError
from app.judging.judgment import LONGEST_TEXT, parse_verdict, parse_written_text

OFFERED = ("yes", "no", "cannot_judge")


def test_every_answer_that_is_offered_is_taken() -> None:
    assert [parse_verdict(answer, OFFERED) for answer in OFFERED] == list(OFFERED)


@pytest.mark.parametrize("text", ["cannot_judge", "Yes", ""])
def test_an_answer_that_is_not_offered_is_refused(text: str) -> None:
    with pytest.raises(JudgmentError, match="not one of the choices"):
        parse_verdict(text, OFFERED[:2])


def test_a_text_is_trimmed_and_never_cut() -> None:
    assert parse_written_text("  a rule\n", "hypothesis") == "a rule"
    with pytest.raises(JudgmentError, match=f"The hypothesis has {LONGEST_TEXT + 1} characters"):
        parse_written_text("x" * (LONGEST_TEXT + 1), "hypothesis")


def test_characters_that_nobody_sees_are_shown_in_a_written_text() -> None:
    assert parse_written_text("a\x00b \x1b[31mred", "hypothesis") == "a<U+0000>b <U+001B>[31mred"


def test_a_line_break_of_a_browser_is_one_character() -> None:
    assert parse_written_text("a\r\nb", "hypothesis") == "a\nb"
    assert parse_written_text("\r\n".join("x" * (LONGEST_TEXT // 2)) + "x", "hypothesis")
