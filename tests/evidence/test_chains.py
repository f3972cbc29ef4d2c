from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from app.evidence.chains import START_OF_LOG, chain_digest, chains_by_evaluator, first_break
from app.evidence.entries import EventAction, EventEntryV1
from tests.evidence.chained_judgments import chained_judgments


def entry(number: int, action: str) -> EventEntryV1:
    return {
        "round": "r1",
        "number": number,
        "at": "",
        "actor": "Ada",
        "action": cast("EventAction", action),
        "detail": {},
    }


@given(st.lists(st.text(max_size=3), min_size=1, max_size=8), st.data())
def test_a_change_anywhere_in_a_chain_is_found_where_it_was_made(actions: list[str], data: st.DataObject) -> None:
    links, digest = [], START_OF_LOG
    for number, action in enumerate(actions):
        digest = chain_digest(digest, entry(number, action))
        links.append((entry(number, action), digest))
    assert first_break(START_OF_LOG, links) is None
    index = data.draw(st.integers(0, len(links) - 1))
    forged = (entry(index, "forged"), links[index][1])
    assert first_break(START_OF_LOG, [*links[:index], forged, *links[index + 1 :]]) == index
    if index:
        assert first_break(START_OF_LOG, links[index:]) == 0


def test_links_are_sorted_into_one_chain_per_evaluator() -> None:
    ada, bo = chained_judgments("Ada", 3), chained_judgments("Bo", 2)
    mixed = [bo[1], ada[2], ada[0], bo[0], ada[1]]
    assert chains_by_evaluator(mixed) == {"Ada": ada, "Bo": bo}
    assert list(chains_by_evaluator(mixed)) == ["Ada", "Bo"]
