"""How a round stands with its keys: who opens its seal, and what is still to be done about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy.orm import Session

from app.evidence.event_details import SealedDetail, read_detail
from app.rounds.lifecycle import State
from app.services.keyholders import missing_for_seal, needs_two_persons
from app.services.log import has_proved_key, round_events
from app.store import keyholders as keyholder_store
from app.store import rounds as round_store
from app.store.keyholders import KeyholderRow

NO_PROVED_KEY = (
    "Nobody has proved to have a key of this round, and without one its judgments could never be unblinded. Prove a "
    "key on the round's page of keys, or with `firstglance round keys prove`, and open the round then."
)


@dataclass(frozen=True)
class KeyStanding:
    """What pages and commands say of a round's keys."""

    state: State
    listed: Sequence[KeyholderRow]
    sealed: SealedDetail | None
    """The log's entry of the seal; None if the round was never sealed."""
    is_proved: bool
    """Whether somebody proved to have a key."""

    @property
    def two_persons(self) -> bool:
        """Whether two people open the seal: after it the log says so, since version 0.1 had no list of keys."""
        return needs_two_persons(self.listed) if self.sealed is None else self.sealed.two_person

    @property
    def missing(self) -> str:
        """What has to be done about the keys before the round's next step, as a sentence; empty if nothing."""
        if self.state == "draft":
            return missing_for_seal(self.listed)
        return NO_PROVED_KEY if self.state == "sealed" and not self.is_proved else ""

    @property
    def sentence(self) -> str:
        """How the round stands with its keys, with what is missing."""
        match self.state:
            case "draft":
                return self.missing or "Nothing is missing: the round can be sealed to these keys."
            case "sealed" | "collecting" | "locked":
                standing = f"The round is sealed, and {self._who_opens}. No key can be added any more."
                return f"{standing} {self.missing}".strip()
            case "unblinded":
                return "The seal was opened, once: no key is needed any more."
            case "abandoned":
                return "The round was abandoned: no key is needed any more."
            case _:
                assert_never(self.state)

    @property
    def _who_opens(self) -> str:
        if self.two_persons:
            return "two people open the seal, one after the other"
        count = len(self.listed) if self.sealed is None else self.sealed.keys
        return "its only key opens the seal" if count == 1 else f"any one of its {count} keys opens the seal"


def key_standing(session: Session, round_id: str) -> KeyStanding:
    """How a round stands with its keys. Raises NotFoundError if there is no such round."""
    state = round_store.find_round(session, round_id).state
    events = round_events(session, round_id)
    sealed = next((event for event in reversed(events) if event.action == "sealed"), None)
    return KeyStanding(
        state,
        keyholder_store.keyholders_of_round(session, round_id),
        None if sealed is None else read_detail(SealedDetail, sealed.detail),
        has_proved_key(events),
    )
