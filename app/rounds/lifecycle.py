"""The states of a round and the steps between them. There is no way back. Pure.

    draft -> sealed -> collecting -> locked -> unblinded
      any state before unblinded -> abandoned, visible for ever

A seal that is under way leaves the round a draft; what an interrupted one leaves is its draw in the log.

No step opens a single item early. Drug trials need such a step to protect a patient. Here nobody is in danger, and an
evaluator who knows one item's arm could recognise similar items.
"""

from typing import Literal, get_args

from app.foundation.errors import InputError, LifecycleError
from app.foundation.translatable import translatable
from app.foundation.typed_text import has_unseen_characters, show_unseen_characters

State = Literal["draft", "sealed", "collecting", "locked", "unblinded", "abandoned"]
Action = Literal["name keys", "announce", "seal", "open", "invite", "judge", "lock", "unblind", "correct", "abandon"]

STATES: tuple[State, ...] = get_args(State)

ALLOWED: dict[Action, tuple[State, ...]] = {
    "name keys": ("draft",),
    "announce": ("draft",),
    "seal": ("draft",),
    "open": ("sealed",),
    "invite": ("sealed", "collecting"),
    "judge": ("collecting",),
    "lock": ("collecting",),
    "unblind": ("locked",),
    "correct": ("unblinded",),
    "abandon": ("draft", "sealed", "collecting", "locked"),
}

STATE_AFTER: dict[Action, State] = {
    "seal": "sealed",
    "open": "collecting",
    "lock": "locked",
    "unblind": "unblinded",
    "abandon": "abandoned",
}

SHORTEST_REASON = 10
"""A reason for abandoning, unblinding or correcting has at least so many characters."""

LONGEST_REASON = 2_000
"""The log keeps reasons for ever, and pages and exports show them whole."""

REFUSED = translatable("This round is %(state)s. %(advice)s")
STATES_SHOWN_TO_EVALUATORS = (
    translatable("sealed"),
    translatable("locked"),
    translatable("unblinded"),
    translatable("abandoned"),
)
"""Evaluators may read these states in a refusal, so that their names are in the catalogue of translations."""

ADVICE: dict[Action, str] = {
    "name keys": "Keys are named, proved and removed in a draft, before the seal; to start again, copy the round.",
    "announce": "A draw is announced before the seal; to start again, copy the round on its page.",
    "seal": "Only a draft can be sealed; to start again, copy the round on its page.",
    "open": "Seal the round first.",
    "invite": "Evaluators can be invited from the seal until the lock.",
    "judge": translatable("Judgments are taken while the round is open. Nothing that was recorded is lost."),
    "lock": "Only a round that is collecting can be locked; open it first.",
    "unblind": "Lock the round first: the seal opens once, when no judgment can change any more.",
    "correct": "Only an unblinded round can have a corrected version.",
    "abandon": "An unblinded or abandoned round stays as it is.",
}

ADVICE_AFTERWARDS: dict[Action, str] = {
    "seal": (
        "Only a draft can be sealed, and this round keeps its keys. To start again, copy the round on its page; if the "
        "keys are lost, abandon it, since nobody can unblind it."
    ),
    "open": "It was opened already; a round is opened once and stays open until the lock.",
    "lock": "It was locked already; a round is locked once.",
    "unblind": "The seal was opened already, once; the report has the result, which can be corrected.",
}
"""The advice if the state is one of those that come after the step."""
ADVICE_ABANDONED = "An abandoned round stays as it is; to start again, copy the round on its page."


def allows(state: State, action: Action) -> bool:
    """Whether a round in `state` allows `action`."""
    return state in ALLOWED[action]


def require_allowed(state: State, action: Action) -> None:
    """Raise LifecycleError unless a round in `state` allows `action`."""
    if not allows(state, action):
        raise LifecycleError(REFUSED, state=state, advice=_advice(state, action))


def _advice(state: State, action: Action) -> str:
    """What to do about a step that this state does not allow."""
    if state == "abandoned" and action != "judge":
        return ADVICE_ABANDONED
    latest = max(STATES.index(allowed) for allowed in ALLOWED[action])
    is_over = state in STATES[latest + 1 :]  # a changed database may hold a state that there is not
    return ADVICE_AFTERWARDS.get(action, ADVICE[action]) if is_over else ADVICE[action]


def state_after(state: State, action: Action) -> State:
    """The state that `action` leads to. Raises LifecycleError if it is not allowed."""
    require_allowed(state, action)
    return STATE_AFTER[action]


def require_reason(text: str) -> str:
    """The reason without surrounding spaces, with every character shown. Raises InputError if it is short or long."""
    reason = show_unseen_characters(text).strip()
    if sum(not has_unseen_characters(character) for character in text.strip()) < SHORTEST_REASON:
        msg = f"Say why, in {SHORTEST_REASON} characters or more: the reason stays in the round's log for ever."
        raise InputError(msg, typed=text)
    if len(reason) > LONGEST_REASON:
        msg = f"The reason has {len(reason)} characters, at most {LONGEST_REASON} are stored; shorten it."
        raise InputError(msg, typed=text)
    return reason
