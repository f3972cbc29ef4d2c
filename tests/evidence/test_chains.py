import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.chains import (
    START_OF_LOG,
    JudgmentChain,
    chain_digest,
    chains_by_evaluator,
    first_break,
    require_unbroken_chains,
)
from app.evidence.entries import EventEntry, JudgmentLink
from app.foundation.errors import SealError
from tests.evidence.chained_judgments import COMMITMENT, chained_judgments


def entry(number: int, action: str) -> EventEntry:
    return {"round": "r1", "number": number, "at": "", "actor": "Ada", "action": action, "detail": {}}


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


def test_chains_that_end_where_the_lock_says_are_whole() -> None:
    links = chained_judgments("Ada", 3)
    whole = [JudgmentChain("Ada", links, links[-1]["chain"]), JudgmentChain("Bo", [], None)]
    require_unbroken_chains(whole, COMMITMENT)


def test_a_judgment_that_was_changed_is_named() -> None:
    links = chained_judgments("Ada", 3)
    forged: JudgmentLink = {**links[1], "judgment": {**links[1]["judgment"], "verdict": "not_interpretable"}}
    chain = JudgmentChain("Ada", [links[0], forged, links[2]], links[2]["chain"])
    with pytest.raises(SealError, match="Judgment 1 of “Ada” was changed since it was given"):
        require_unbroken_chains([chain], COMMITMENT)


@pytest.mark.parametrize("count", [2, 0], ids=["one removed", "all removed"])
def test_judgments_that_were_removed_since_the_lock_are_noticed(count: int) -> None:
    links = chained_judgments("Ada", 3)
    with pytest.raises(SealError, match="of “Ada” were added or removed since the lock"):
        require_unbroken_chains([JudgmentChain("Ada", links[:count], links[2]["chain"])], COMMITMENT)


def test_judgments_that_the_lock_does_not_know_are_noticed() -> None:
    with pytest.raises(SealError, match="of “Ada” were added or removed since the lock"):
        require_unbroken_chains([JudgmentChain("Ada", chained_judgments("Ada", 1), None)], COMMITMENT)
