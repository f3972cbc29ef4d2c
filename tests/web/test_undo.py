"""Undo without a script: which answers it reaches, and what is asked for afterwards."""

from app.store.engine import Database
from tests.web.page import NewClient, Page, come_in
from tests.web.served_round import ServedRound, make_round, stored_judgments


def test_undo_reaches_the_last_answer_and_keeps_its_history(ada: Page, served_round: ServedRound) -> None:
    first = ada.item
    second = ada.send(verdict="interpretable").send(hypothesis="fruit")
    back = second.go(f"/judge/undo?item={second.item}")
    assert back.item == first
    assert "You answered INTERPRETABLE" in back.text
    hypothesis_page = back.send(verdict="not_interpretable")
    assert "fruit" in hypothesis_page.text
    assert hypothesis_page.send(hypothesis="none").item == second.item
    assert [(row.verdict, row.step, row.revision) for row in stored_judgments(served_round)] == [
        ("interpretable", "verdict", 0),
        ("interpretable", "hypothesis", 1),
        ("not_interpretable", "verdict", 2),
        ("not_interpretable", "hypothesis", 3),
    ]


def test_undo_reaches_the_mistake_just_made_before_anything_else(ada: Page, served_round: ServedRound) -> None:
    hypothesis_page = ada.send(verdict="interpretable")
    assert hypothesis_page.step == "hypothesis"
    back = hypothesis_page.back()
    assert (back.step, back.item) == ("verdict", served_round.codes[0])
    assert 'data-shortcut="u"' not in back.text  # nothing was judged before it
    again = back.send(verdict="not_interpretable")
    assert (again.step, again.item) == ("hypothesis", served_round.codes[0])
    second = again.send(hypothesis="fruit").send(verdict="interpretable")
    assert second.item == served_round.codes[1]
    assert second.back().item == served_round.codes[1]
    assert second.back().back().item == served_round.codes[0]


def test_an_undo_link_of_a_page_that_was_answered_since_leads_to_that_answer(
    ada: Page, served_round: ServedRound
) -> None:
    """A script shows the second step below the first page's links until the server's reply is there."""
    ada.send(verdict="interpretable")
    assert ada.go(f"/judge/undo?item={served_round.codes[0]}").item == served_round.codes[0]
    changing = ada.go(f"/judge/item/{served_round.codes[0]}")
    revision = changing.form()[1]["key"].split(".")[1]
    assert changing.go(f"/judge/undo?item={served_round.codes[0]}&revision={revision}").step == "hypothesis"
    changing.send(verdict="not_interpretable")
    back = changing.go(f"/judge/undo?item={served_round.codes[0]}&revision={revision}")
    assert (back.step, back.item) == ("verdict", served_round.codes[0])


def test_a_rule_that_was_left_for_an_earlier_item_is_asked_for_after_it(ada: Page, served_round: ServedRound) -> None:
    left = ada.send(verdict="interpretable").send(hypothesis="fruit").send(verdict="interpretable")
    first = left.back().back()
    assert first.item == served_round.codes[0]
    rule = first.send(verdict="not_interpretable")
    assert (rule.step, rule.item) == ("hypothesis", served_round.codes[0])
    assert "fruit" in rule.text
    resumed = rule.send(hypothesis="none")
    assert (resumed.step, resumed.item) == ("hypothesis", served_round.codes[1])
    assert resumed.send(hypothesis="colours").item == served_round.codes[2]


def test_undo_reaches_ten_answers_and_no_more(sqlite_database: Database, new_client: NewClient) -> None:
    served_round = make_round(sqlite_database, items=12, public={"hypothesis": False})
    with new_client(sqlite_database) as client:
        page = come_in(client, served_round.token)
        for _ in range(11):
            page = page.send(verdict="interpretable")
        reached = []
        while (page := page.back()).item not in reached:
            reached.append(page.item)
        assert reached == list(reversed(served_round.codes[1:11]))
        assert page.go(f"/judge/item/{served_round.codes[0]}").status == 422
        assert page.go("/judge/item/elsewhere").status == 404
