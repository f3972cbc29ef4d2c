"""The rubric as a design words it, on the item page and in the instructions."""

import re
from typing import Any

import pytest

from app.store.engine import Database
from app.tasks.first_glance.rubric import FirstGlanceRubric
from tests.web.page import GERMAN, NewClient, come_in
from tests.web.served_round import make_round


def rubric(**own: Any) -> dict[str, Any]:
    return {"rubric": FirstGlanceRubric(**own).filled_in(20).model_dump(mode="json")}


@pytest.mark.parametrize("label", ["YES, 80 % FIT", "YES <b>bold</b>", "%(name)s", "100%"])
def test_a_label_of_the_design_is_shown_as_it_is(sqlite_database: Database, new_client: NewClient, label: str) -> None:
    served_round = make_round(sqlite_database, public=rubric(interpretable=label) | {"cannot_judge": True})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        assert page.status == 200
        shown = label.replace("<", "&lt;").replace(">", "&gt;")
        assert f">{shown}<kbd>" in page.text
        assert f'data-answer-label="{shown}"' in page.text
        assert "<b>bold" not in page.text
        hypothesis_page = page.send(verdict="interpretable")
        assert f"data-answer-label-target>{shown}<" in hypothesis_page.text


def test_the_third_answer_is_translated(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public={"cannot_judge": True})
    with new_client(sqlite_database) as client:
        client.headers.update(GERMAN)
        page = come_in(client, served_round.token)
        assert ">Nicht zu beurteilen<kbd>" in page.text
        assert "Nicht zu beurteilen" in page.send(verdict="cannot_judge").text


def test_a_refused_second_answer_names_the_first_by_its_buttons_label(
    sqlite_database: Database, new_client: NewClient
) -> None:
    served_round = make_round(sqlite_database, public=rubric(interpretable="ONE RULE, 80 %"))
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        action, fields = page.form()
        page.post(action, fields | {"verdict": "interpretable"})
        refused = page.post(action, fields | {"verdict": "not_interpretable"})
        assert "You already answered this item: ONE RULE, 80 %. That answer counts" in refused.text


@pytest.mark.parametrize(
    ("minutes", "english", "german"),
    [
        ((0.5, 1.5), "0.5 to 1.5 minutes an item.", "0,5 bis 1,5 Minuten je Aufgabe."),
        ((1, 2), "1 to 2 minutes an item.", "1 bis 2 Minuten je Aufgabe."),
        ((1, 1), "1 minute an item.", "1 Minute je Aufgabe."),
        ((0.5, 0.5), "0.5 minutes an item.", "0,5 Minuten je Aufgabe."),
    ],
)
def test_the_instructions_give_the_designs_time_per_item(
    sqlite_database: Database, new_client: NewClient, minutes: tuple[float, float], english: str, german: str
) -> None:
    served_round = make_round(sqlite_database, public={"minutes": list(minutes)})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token).go("/judge/instructions")
        assert re.search(rf"\s{re.escape(english)}", page.text)
        client.headers.update(GERMAN)
        assert german in page.go("/judge/instructions").text


def test_the_instructions_have_the_designs_notes(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, public=rubric(notes="Code <b>counts</b>, 100 %.\n\nSo do lists."))
    with new_client(sqlite_database) as client:
        text = come_in(client, served_round.token).go("/judge/instructions").text
        assert "<p>Code &lt;b&gt;counts&lt;/b&gt;, 100 %.</p>" in text
        assert "<p>So do lists.</p>" in text


def test_the_instructions_describe_several_groups_as_the_page_shows_them(
    sqlite_database: Database, new_client: NewClient
) -> None:
    groups = {"top": 10, "quantile": 10}
    served_round = make_round(
        sqlite_database,
        public={
            "groups": groups,
            "rubric": FirstGlanceRubric().filled_in(10, among_groups=True).model_dump(mode="json"),
        },
    )
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        assert "10 framed tokens under “Strongest”, one in each passage there" in page.text
        text = page.go("/judge/instructions").text
        assert "An item has 20 passages under a few headings" in text
        assert "An item has 10 passages" not in text
        client.headers.update(GERMAN)
        assert "10 umrahmten Wortteile unter „Stärkste“" in page.go("/judge/instructions").text
