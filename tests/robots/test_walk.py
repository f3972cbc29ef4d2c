"""A robot's walk through a round, from the invitation to the end."""

import pytest

from app.robots.page import HtmlPage, RobotError
from app.robots.walk import Answers, walk_round
from tests.robots.conftest import MakeServedRound
from tests.web.served_round import stored_judgments

ITEM = ["verdict", "hypothesis"]
START = ["consent", "instructions"]


def by_item(page: HtmlPage) -> str:
    return "interpretable" if page.item == "code1" else "not_interpretable"


def test_every_question_is_answered_and_every_page_is_yielded(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round()
    answers = Answers(by_item, hypothesis=lambda page: f"about {page.item}")
    steps = [page.step for page in walk_round(visitor, served_round.token, answers)]
    assert steps == [*START, *ITEM * 3, "done"]
    judged = {judgment.item: (judgment.verdict, judgment.hypothesis) for judgment in stored_judgments(served_round)}
    assert judged == {
        "code0": ("not_interpretable", "about code0"),
        "code1": ("interpretable", "about code1"),
        "code2": ("not_interpretable", "about code2"),
    }


def test_the_pages_are_the_same_whether_they_come_at_once_or_by_redirect(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round(at_once=False, hypothesis=False)
    steps = [page.step for page in walk_round(visitor, served_round.token, Answers(by_item))]
    assert steps == [*START, *["verdict"] * 3, "done"]


def test_a_walk_ends_before_the_pages_that_name_the_arms(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round(hypothesis=False, blinding_question="sort")
    *_, last = walk_round(visitor, served_round.token, Answers(by_item))
    assert last.step == "phase"


def test_a_walk_with_another_end_answers_the_second_phase_too(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round(hypothesis=False, blinding_question="sort")
    walk = walk_round(visitor, served_round.token, Answers(by_item, guess=lambda _page: "A"), ends={"done"})
    assert [page.step for page in walk][-5:] == ["phase", "guess", "guess", "guess", "done"]


def test_a_page_that_is_neither_a_question_nor_an_end_stops_the_robot(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round(daily_cap=1, hypothesis=False)
    with pytest.raises(RobotError, match="go on from the page “rest”"):
        list(walk_round(visitor, served_round.token, Answers(by_item)))


def test_a_wait_is_kept_for_every_answer(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round(hypothesis=False)
    list(walk_round(visitor, served_round.token, Answers(by_item)))
    invitation = f"/i/{served_round.token}"
    assert [wait.path for wait in visitor.waits] == [
        invitation, invitation, "/judge/consent", "/judge", *["/judge/verdict"] * 3,
    ]  # fmt: skip
    assert all(wait.seconds > 0 for wait in visitor.waits)


def test_a_refused_request_names_the_address_and_the_status(make_served_round: MakeServedRound) -> None:
    _, visitor = make_served_round()
    with pytest.raises(RobotError, match="GET /i/nonsense answered 404"):
        visitor.get("/i/nonsense")
