"""What a save costs the database does not grow with what was saved before."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.web.page import Page
from tests.web.served_round import ServedRound

AT_ONCE = {"X-First-Glance-Swap": "1"}
MOST = 9
"""BEGIN, who and which round, their items, their answers, the last one, the new one, the next item and when it came."""


@contextmanager
def statements(served_round: ServedRound) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    statements_run: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements_run.append(statement)

    event.listen(served_round.database.engine, "before_cursor_execute", note)
    yield statements_run
    event.remove(served_round.database.engine, "before_cursor_execute", note)


def test_saving_and_showing_the_next_page_takes_nine_statements(ada: Page, served_round: ServedRound) -> None:
    page = ada
    for _ in served_round.codes[:-1]:
        for answer in ({"verdict": "interpretable"}, {"hypothesis": "fruit"}):
            action, hidden = page.form()
            with statements(served_round) as statements_run:
                page = page.post(action, hidden | answer, **AT_ONCE)
            assert len(statements_run) <= MOST, "\n".join(statements_run)
    assert page.item == served_round.codes[-1]


def test_a_page_fetched_ahead_writes_nothing(ada: Page, served_round: ServedRound) -> None:
    with statements(served_round) as statements_run:
        ada.go(f"/judge/ahead/{served_round.codes[0]}")
    assert {statement.split()[0] for statement in statements_run} == {"BEGIN", "SELECT"}
    assert len(statements_run) <= MOST - 4
