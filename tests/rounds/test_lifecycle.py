import pytest

from app.foundation.errors import LifecycleError
from app.rounds.lifecycle import ALLOWED, LEADS_TO, STATES, Action, State, require_allowed, state_after


def test_the_steps_lead_from_draft_to_unblinded_and_never_back() -> None:
    state: State = "draft"
    steps: tuple[Action, ...] = ("seal", "finish_seal", "open", "lock", "unblind")
    for action in steps:
        later = state_after(state, action)
        assert STATES.index(later) == STATES.index(state) + 1
        state = later
    assert state == "unblinded"


@pytest.mark.parametrize("action", LEADS_TO)
@pytest.mark.parametrize("state", STATES)
def test_each_step_is_guarded(state: State, action: Action) -> None:
    if state in ALLOWED[action]:
        assert state_after(state, action) == LEADS_TO[action]
    else:
        with pytest.raises(LifecycleError, match=f"This round is {state}"):
            require_allowed(state, action)


def test_nothing_leaves_the_end_and_no_step_opens_one_item() -> None:
    assert {"unblinded", "abandoned"}.isdisjoint(state for action in LEADS_TO for state in ALLOWED[action])
    assert not [action for action in ALLOWED if "item" in action]
