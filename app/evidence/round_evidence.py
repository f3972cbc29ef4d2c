"""The evidence of a round: all that decides its result, and nothing else. Pure.

The result is a function of this value alone. Whatever else a database or an export holds is a view of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from app.evidence.entries import (
    RESULT_ACTIONS,
    ChainEntry,
    ChainLink,
    EventAction,
    EventLink,
    FlagReason,
    LogEntry,
    is_aids,
    is_flag,
    is_guess,
    is_judgment,
    read_judgment,
)
from app.evidence.event_details import (
    CarriedOver,
    ChainHead,
    Enrolment,
    EnrolmentV1,
    LockedDetailV1,
    SealedDetail,
    locked_detail,
    read_detail,
)
from app.evidence.signing import SIGNATURE
from app.foundation.errors import SealError
from app.foundation.json_types import JsonObject
from app.judging.judgment import Judgment
from app.rounds.allocation import SealContent
from app.rounds.commitment import PublishedCommitment
from app.rounds.design import Design, read_design_content
from app.tasks.item import ItemContent


@dataclass(frozen=True)
class Flag:
    """An item that an evaluator reported as faulty or distressing."""

    evaluator: str
    item: str
    reason: FlagReason
    comment: str


@dataclass(frozen=True)
class BlindingGuess:
    """An evaluator's answer to the blinding question on one item."""

    evaluator: str
    item: str
    guess: str


@dataclass(frozen=True, kw_only=True)
class BlindedEvidence:
    """The part of a round's evidence that is public before the unblinding; design and seal are known by digest."""

    item_contents: Sequence[ItemContent]
    published: PublishedCommitment
    """What was published at the seal."""
    chains: Mapping[str, Sequence[ChainLink]]
    """{pseudonym: links in order}, by pseudonym; evaluators without an entry may be missing."""
    log: Sequence[EventLink]
    """The round's log up to the unblinding or the correction in question."""
    unbound: CarriedOver | None = None
    """What an export of version 0.1.0 says beside its evidence, because that version bound it to nothing."""

    @property
    def round_id(self) -> str:
        """The round's id, as the log has it."""
        return self.log[0]["event"]["round"]

    @property
    def lock_digest(self) -> str | None:
        """The chain digest of the log's entry of the lock, which covers everything before it; None before the lock."""
        digests = [link["chain"] for link in self.log if link["event"]["action"] == "locked"]
        return digests[-1] if digests else None

    @property
    def result_digest(self) -> str | None:
        """The chain digest of the log's newest result, which covers all before it; None before the unblinding."""
        digests = [link["chain"] for link in self.log if link["event"]["action"] in RESULT_ACTIONS]
        return digests[-1] if digests else None

    @property
    def is_result_signed(self) -> bool:
        """Whether the log's newest result carries a signature, which `check_signed_events` checks."""
        event = next((link["event"] for link in reversed(self.log) if link["event"]["action"] in RESULT_ACTIONS), None)
        return event is not None and SIGNATURE in event["detail"]

    @property
    def lacks_signature(self) -> bool:
        """Whether the round has a key and a result, which the key did not sign in the log."""
        return self.published.receipt_key is not None and self.result_digest is not None and not self.is_result_signed

    @property
    def log_until_lock(self) -> Sequence[EventLink]:
        """The log up to and with the entry of the lock; all of it before the lock."""
        actions = [link["event"]["action"] for link in self.log]
        return self.log[: actions.index("locked") + 1] if "locked" in actions else self.log

    @property
    def locked_by_version_0_1(self) -> bool:
        """Whether version 0.1 locked the round: its lock names the ends of chains and nobody's enrolment."""
        event = self.find_event("locked")
        return event is not None and isinstance(locked_detail(event["detail"]), LockedDetailV1)

    @property
    def blind_broken(self) -> bool:
        """Whether archives of the round were browsed before the lock."""
        return any(link["event"]["action"] == "archives browsed" for link in self.log_until_lock)

    @cached_property
    def sealed(self) -> SealedDetail:
        """The detail of the log's entry of the seal. Raises SealError without one."""
        return read_detail(SealedDetail, self.last_event("sealed")["detail"])

    @cached_property
    def carried_over(self) -> CarriedOver:
        """What version 0.1.0 left unbound in a round that it locked, as the log has it since the upgrade.

        Empty for any other round: a lock of this version names everyone, and nothing after it decides a result.
        """
        if not self.locked_by_version_0_1:
            return CarriedOver()
        if self.unbound is not None:
            return self.unbound
        event = self.find_event("carried over")
        return CarriedOver() if event is None else read_detail(CarriedOver, event["detail"])

    @cached_property
    def stopped_early(self) -> bool:
        """Whether the round was locked before it had the judgments that its design asks for."""
        return locked_detail(self.last_event("locked")["detail"]).stopped_early

    @cached_property
    def roster(self) -> dict[str, Enrolment]:
        """{pseudonym: what the lock says about the evaluator} of everyone who was invited, by pseudonym."""
        locked = locked_detail(self.last_event("locked")["detail"])
        enrolments = self._roster_v1(locked) if isinstance(locked, LockedDetailV1) else locked.roster
        return dict(sorted(enrolments.items()))

    @cached_property
    def flags(self) -> list[Flag]:
        """Every flag, by evaluator, item and reason."""
        flags = [
            Flag(name, entry["item"], entry["reason"], entry["comment"])
            for name, entry in self._entries()
            if is_flag(entry)
        ]
        flags += [Flag(flag.evaluator, flag.item, flag.reason, flag.comment) for flag in self.carried_over.flags]
        return sorted(flags, key=lambda flag: (flag.evaluator, flag.item, flag.reason))

    @cached_property
    def guesses(self) -> list[BlindingGuess]:
        """Every answer to the blinding question, by evaluator and item."""
        guesses = [
            BlindingGuess(name, entry["item"], entry["guess"]) for name, entry in self._entries() if is_guess(entry)
        ]
        guesses += [BlindingGuess(guess.evaluator, guess.item, guess.guess) for guess in self.carried_over.guesses]
        return sorted(guesses, key=lambda guess: (guess.evaluator, guess.item))

    def judgments_of(self, evaluator: str) -> list[Judgment]:
        """An evaluator's judgments in order, revisions included."""
        entries = (link["entry"] for link in self.chains.get(evaluator, ()))
        return [read_judgment(entry) for entry in entries if is_judgment(entry)]

    def items_with_aids_opened(self, evaluator: str) -> list[str]:
        """Codes of the items whose aids an evaluator opened, in alphabetical order."""
        codes = {entry["item"] for name, entry in self._entries() if name == evaluator and is_aids(entry)}
        return sorted(codes | {aids.item for aids in self.carried_over.aids_opened if aids.evaluator == evaluator})

    def find_event(self, action: EventAction) -> LogEntry | None:
        """The last event with this action; None if there is none."""
        return next((link["event"] for link in reversed(self.log) if link["event"]["action"] == action), None)

    def last_event(self, action: EventAction) -> LogEntry:
        """The last event with this action. Raises SealError if there is none, because the log must have one."""
        event = self.find_event(action)
        if event is None:
            msg = f"The log has no entry “{action}”, so it was changed; compare it with a backup."
            raise SealError(msg)
        return event

    def details_of(self, action: EventAction) -> list[JsonObject]:
        """The details of every event with this action, in order."""
        return [link["event"]["detail"] for link in self.log if link["event"]["action"] == action]

    def _entries(self) -> Iterator[tuple[str, ChainEntry]]:
        for name, links in self.chains.items():
            for link in links:
                yield name, link["entry"]

    def _roster_v1(self, lock: LockedDetailV1) -> dict[str, Enrolment]:
        """The chain heads that version 0.1.0 wrote at the lock, joined with what it left unbound."""
        facts = self.carried_over.roster
        roster = {}
        for name in lock.heads.keys() | facts.keys():
            end = lock.heads.get(name) or ChainHead(judgments=0, head=self.published.commitment)
            earlier = facts.get(name, EnrolmentV1())
            roster[name] = Enrolment(
                entries=end.judgments,
                head=end.head,
                exposed=earlier.exposed,
                erased=earlier.erased,
                assigned=earlier.assigned,
                joined_at=earlier.joined_at,
                consented_at=earlier.consented_at,
            )
        return roster


@dataclass(frozen=True, kw_only=True)
class Evidence(BlindedEvidence):
    """What decides the result of a round."""

    design_content: JsonObject
    """The design as it was committed to, word for word."""
    seal: SealContent

    @cached_property
    def design(self) -> Design:
        """The design. Raises DesignError if it has another form."""
        return read_design_content(self.design_content)
