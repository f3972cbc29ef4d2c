from typing import cast

import pytest

from app.foundation.errors import InputError, LifecycleError
from app.rounds.lifecycle import (
    ALLOWED,
    LONGEST_REASON,
    SHORTEST_REASON,
    STATE_AFTER,
    STATES,
    Action,
    State,
    allows,
    require_allowed,
    require_reason,
    state_after,
)


def test_the_steps_lead_from_draft_to_unblinded_and_never_back() -> None:
    state: State = "draft"
    steps: tuple[Action, ...] = ("seal", "open", "lock", "unblind")
    for action in steps:
        new_state = state_after(state, action)
        assert STATES.index(new_state) == STATES.index(state) + 1
        state = new_state
    assert state == "unblinded"


@pytest.mark.parametrize("action", STATE_AFTER)
@pytest.mark.parametrize("state", STATES)
def test_a_step_is_refused_in_any_other_state(state: State, action: Action) -> None:
    if state in ALLOWED[action]:
        assert state_after(state, action) == STATE_AFTER[action]
    else:
        with pytest.raises(LifecycleError, match=f"This round is {state}"):
            require_allowed(state, action)


@pytest.mark.parametrize("state", STATES)
def test_a_locked_round_takes_no_judgment_and_can_be_unblinded_or_is(state: State) -> None:
    is_locked = state in ("locked", "unblinded")
    assert is_locked == (allows(state, "unblind") or allows(state, "correct"))
    assert not (is_locked and allows(state, "judge"))


@pytest.mark.parametrize(
    ("state", "action", "advice"),
    [
        ("draft", "open", "Seal the round first."),
        ("collecting", "open", "It was opened already"),
        ("unblinded", "open", "It was opened already"),
        ("sealed", "lock", "open it first"),
        ("locked", "lock", "It was locked already"),
        ("collecting", "unblind", "Lock the round first"),
        ("unblinded", "unblind", "The seal was opened already"),
        ("sealed", "seal", "this round keeps its keys"),
        ("abandoned", "open", "An abandoned round stays as it is"),
        ("abandoned", "unblind", "An abandoned round stays as it is"),
        ("abandoned", "judge", "Judgments are taken while the round is open"),
    ],
)
def test_a_refused_step_gives_advice_that_fits_the_state(state: State, action: Action, advice: str) -> None:
    with pytest.raises(LifecycleError, match=advice):
        require_allowed(state, action)


def test_no_step_leaves_the_last_states_and_none_opens_one_item() -> None:
    assert {"unblinded", "abandoned"}.isdisjoint(state for action in STATE_AFTER for state in ALLOWED[action])
    assert not [action for action in ALLOWED if "item" in action]


def test_a_reason_is_trimmed() -> None:
    assert require_reason("  everyone has finished\n") == "everyone has finished"


@pytest.mark.parametrize("text", ["", " " * 20, "  too short  "[: SHORTEST_REASON + 1]])
def test_a_reason_that_says_next_to_nothing_is_refused(text: str) -> None:
    with pytest.raises(LifecycleError, match="Say why, in 10 characters or more"):
        require_reason(text)


def test_a_reason_has_a_longest_length_which_the_sentence_says() -> None:
    assert require_reason("x" * LONGEST_REASON) == "x" * LONGEST_REASON
    with pytest.raises(InputError, match=f"at most {LONGEST_REASON}") as refusal:
        require_reason("x" * (LONGEST_REASON + 1))
    assert refusal.value.typed == "x" * (LONGEST_REASON + 1)


def test_a_reason_is_made_of_characters_that_somebody_sees() -> None:
    assert require_reason("a paper\u200b is due") == "a paper<U+200B> is due"
    with pytest.raises(LifecycleError, match="10 characters or more"):
        require_reason("\u200b" * 20)


def test_a_state_that_a_changed_database_holds_is_refused_with_a_sentence() -> None:
    for action in ALLOWED:
        with pytest.raises(LifecycleError, match="This round is locked not"):
            require_allowed(cast("State", "locked not"), action)
