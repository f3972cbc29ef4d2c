"""Practice items: what is shown after a verdict, and which evaluators may continue."""

import pytest

from app.store.engine import Database
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import PRACTICE, make_round, stored_judgments


def test_the_expected_answer_is_shown_only_after_the_verdict(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(
        sqlite_database, public={"training": 2, "training_answers": PRACTICE, "hypothesis": False}
    )
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        assert page.heading == "Practice 1 of 2"
        assert "the word “apple”. The expected answer" not in page.text
        answered = page.send(verdict="not_interpretable")
        assert "one rule fits: the word “apple”. The expected answer was INTERPRETABLE" in answered.text
        second = answered.send()
        assert second.heading == "Practice 2 of 2"
        answered = second.send(verdict="not_interpretable")
        assert "put together without a rule" in answered.text
        assert answered.send().heading == "Item 1 of 3"


def test_an_evaluator_who_fails_the_practice_is_thanked(sqlite_database: Database, new_client: NewClient) -> None:
    public = {"training": 2, "training_answers": PRACTICE, "training_pass": 2, "hypothesis": False}
    served_round = make_round(sqlite_database, public=public)
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        for _ in range(2):
            page = page.send(verdict="interpretable").send()
        assert page.step == "closed"
        assert "practice items" in page.text


def test_after_a_failed_practice_no_page_is_fetched_ahead_and_no_answer_taken(
    sqlite_database: Database, new_client: NewClient
) -> None:
    public = {"training": 2, "training_answers": PRACTICE, "training_pass": 2, "hypothesis": False}
    served_round = make_round(sqlite_database, public=public)
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        for _ in range(2):
            assert page.go(f"/judge/ahead/{page.item}").status == 204
            page = page.send(verdict="interpretable").send()
        item = served_round.codes[2]
        assert page.go(f"/judge/ahead/{item}").status == 204
        form = {"form_token": page.form_token(), "item": item, "key": f"{item}.0", "verdict": "interpretable"}
        refused = page.post("/judge/verdict", form)
        assert refused.status == 422
        assert "You answered too few practice items correctly" in refused.text
    assert {row.item for row in stored_judgments(served_round)} == set(PRACTICE)


def flag_item(page: Page, item: str) -> Page:
    form = {"form_token": page.form_token(), "item": item, "key": f"{item}.0", "kind": "fault"}
    return page.post("/judge/flag", form)


@pytest.mark.parametrize("flagged_count", [1, 2])
def test_flagging_practice_items_passes_no_practice(
    flagged_count: int, sqlite_database: Database, new_client: NewClient
) -> None:
    public = {"training": 2, "training_answers": PRACTICE, "training_pass": 1, "hypothesis": False}
    served_round = make_round(sqlite_database, public=public)
    wrong = {"code0": "not_interpretable", "code1": "interpretable"}
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        for index in range(2):
            page = flag_item(page, page.item) if index < flagged_count else page.send(verdict=wrong[page.item]).send()
        assert page.step == "closed"
        assert "practice items" in page.text
        item = served_round.codes[2]
        assert flag_item(page, item).status == 422
