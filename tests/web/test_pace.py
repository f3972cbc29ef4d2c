"""Rests, breaks, and what may be fetched ahead of them."""

import re
from typing import Any

import pytest

from app.judging.pace import EvaluatorPace
from app.store.engine import Database
from app.web import language
from app.web.templating import page_templates
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import PRACTICE, ServedRound, make_round, stored_judgments


def test_after_the_daily_cap_the_page_sends_home(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"daily_cap": 2})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).answer_all()
        assert page.step == "rest"
        assert "2 items a day" in page.text
        assert "3 items to go" in page.text
        form = {"form_token": page.form_token(), "item": served_round.codes[2], "key": f"{served_round.codes[2]}.0"}
        refused = page.post("/judge/verdict", form | {"verdict": "interpretable"})
        assert refused.status == 422
        assert "done and saved. Come back tomorrow" in refused.text
        changed = page.go(f"/judge/item/{served_round.codes[1]}").send(verdict="not_interpretable")
        assert changed.step == "hypothesis"  # what was judged today can be changed today
    assert {row.item for row in stored_judgments(served_round)} == set(served_round.codes[:2])


def test_a_break_is_offered(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"break_every": 2, "hypothesis": False})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).send(verdict="interpretable")
        assert "break" not in page.text
        assert "A good moment for a break: 2 are done" in page.send(verdict="interpretable").text


def test_the_reply_to_a_save_says_that_a_break_is_due(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"break_every": 1})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        for fields in ({"verdict": "interpretable"}, {"hypothesis": "x"}):
            assert 'class="note">A good moment' not in page.text
            action, hidden = page.form()
            page = page.post(action, hidden | fields, **{"X-First-Glance-Swap": "1"})
        assert re.search(r'<div data-pace-note>\s*<p class="note">A good moment for a break: 1 are done', page.text)


@pytest.mark.parametrize(
    "public", [{"daily_cap": 1}, {"training": 2, "training_answers": PRACTICE}], ids=["the cap", "practice"]
)
def test_nothing_is_fetched_ahead_that_may_not_come_next(
    sqlite_database: Database, new_client: NewClient, public: dict[str, Any]
) -> None:
    served_round = make_round(sqlite_database, public=public)
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        assert page.go(f"/judge/ahead/{page.item}").status == 204


def test_nothing_is_fetched_ahead_of_a_rule_that_is_still_to_be_written(ada: Page, served_round: ServedRound) -> None:
    rule = ada.send(verdict="interpretable").send(hypothesis="").send(verdict="interpretable")
    assert rule.go(f"/judge/ahead/{rule.item}").item == served_round.codes[2]
    assert rule.go(f"/judge/ahead/{served_round.codes[0]}").status == 204


@pytest.mark.parametrize(
    ("left", "hours", "english", "german"),
    [
        (
            24,
            5.5,
            "24 items to go, about 5.5 hours at your pace.",
            "Noch 24 Aufgaben, in Ihrem Tempo etwa 5,5 Stunden.",
        ),
        (24, 5.0, "24 items to go, about 5 hours at your pace.", "Noch 24 Aufgaben, in Ihrem Tempo etwa 5 Stunden."),
        (1, 1.0, "1 item to go, about 1 hour at your pace.", "Noch 1 Aufgabe, in Ihrem Tempo etwa 1 Stunde."),
        (2, 0.0, "2 items to go, a few minutes at your pace.", "Noch 2 Aufgaben, in Ihrem Tempo ein paar Minuten."),
    ],
)
def test_the_page_says_how_many_items_and_how_much_time_are_left(
    left: int, hours: float, english: str, german: str
) -> None:
    pace = EvaluatorPace(left, 60 * hours or 5, returning=False, break_due=False, daily_cap_reached=False)
    template = page_templates().get_template("evaluator/_remaining.html")
    assert template.render(pace=pace).strip() == english
    settled = language._current.set("de")
    try:
        assert template.render(pace=pace).strip() == german
    finally:
        language._current.reset(settled)
