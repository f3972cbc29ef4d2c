"""The details of the log's entries that decide a result: draw, seal and lock. Pure and open."""

import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from app.evidence.entries import CanonicalTime, FlagReason
from app.foundation.errors import SealError
from app.foundation.json_types import JsonObject

StampedDigest = Literal["draw", "commitment", "lock"]
"""Which digest of a round is stamped: of the log up to “draw announced”, the commitment, of the log up to the lock."""

SealLayer = Literal[1, 2]
"""Of a seal: 1 is the inner layer, or the only one; 2 is the outer layer, if two people must open the seal together."""

STRICT = Strict()
"""Another form of the same value, such as 1.0 for 1, is refused: its digest would be the same."""


class Detail(BaseModel):
    """The detail of an event, or a part of one: plain JSON values that never change."""

    model_config = ConfigDict(frozen=True)


TypedDetail = TypeVar("TypedDetail", bound=Detail)


def read_detail(detail_type: type[TypedDetail], detail: JsonObject) -> TypedDetail:
    """The typed detail of an entry of the log. Raises SealError if it has another form."""
    try:
        return detail_type.model_validate(detail)
    except ValidationError as error:
        action = " ".join(re.findall("[A-Z][a-z]+", detail_type.__name__.partition("Detail")[0])).lower()
        msg = f"The log's entry about “{action}” has another form than First Glance writes; the log was changed."
        raise SealError(msg) from error


class CreatedDetail(Detail):
    """The detail of the log's entry "created"."""

    design_sha256: str
    preset: str
    same_archives: tuple[str, ...] | None = None
    """Ids of earlier rounds of this server that use the same archives; logs of version 0.1.0 do not say."""


class CopiedDetail(Detail):
    """The detail of the log's entry "copied"; logs of version 0.1.0 name nothing but the source."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    source: str = Field(alias="from")
    """Id of the round that was copied."""
    state: str | None = None
    """The state of that round when it was copied."""
    draw_count: Annotated[int | None, STRICT] = None
    """How many draws were begun in that round and in those that it was copied from."""
    announcement_count: Annotated[int | None, STRICT] = None
    """How many times a half of a seed was announced there."""


class LeftOut(Detail):
    """Which neurons no draw could have, because evaluators named in the design have seen them: totals of all arms."""

    neuron_count: int
    rounds: tuple[str, ...]
    """Ids of the unblinded rounds in which they were seen."""
    sha256: str
    """SHA-256 of the list of these neurons, which the seal holds."""


class AnnouncedDetail(Detail):
    """The detail of the log's entry "draw announced"."""

    number: Annotated[int, STRICT]
    """1, 2, 3, ... among the announcements of the round."""
    half_sha256: str
    """SHA-256 of the server's half of the seed."""
    public_name: str
    """The name of the future public value that completes the seed."""
    value_length: Annotated[int, STRICT]
    """How many characters the value will have, which leaves fewer spellings of it."""
    design_sha256: str
    """SHA-256 of the design, which names the archives by digest: all that the draw depends on beside the seed."""
    left_out: LeftOut
    """What the draw will leave out, so that nobody chooses it later."""


class DrawDetail(Detail):
    """The detail of the log's entry "seal begun": how the seed of the draw came about."""

    number: Annotated[int, STRICT]
    """1, 2, 3, ... among the draws of the round."""
    again: Annotated[bool, STRICT] = False
    """Whether the seal was begun again from the same half and value, so that the draw is the same as before."""
    seed_rule: Literal["server", "public"] = "server"
    half_sha256: str | None = None
    """SHA-256 of the announced half of the seed; None if the server drew the whole seed alone."""
    public_name: str | None = None
    public_value: str | None = None
    """The public value that completed the seed."""
    same_archives: tuple[str, ...] | None = None
    """Ids of all other rounds of this server that had a model of this one when the draw was begun."""
    left_out: LeftOut | None = None
    """What the draw leaves out; every draw that is begun says it."""


class SealedDetail(Detail):
    """The detail of the log's entry "sealed"."""

    commitment: str
    design_sha256: str
    sealed_sha256: str
    """SHA-256 of the content of the seal."""
    items: Annotated[int, STRICT]
    keys: Annotated[int, STRICT]
    two_person: Annotated[bool, STRICT]
    audit: JsonObject | None
    """Summary of the leak audit; None if the round was sealed without one."""
    draw: DrawDetail | None = None
    """The draw whose neurons were sealed; logs of version 0.1.0 do not say."""
    receipt_key: str | None = None
    """Public half of the key that signs receipts; None if version 0.1 sealed the round."""
    public_design_sha256: str | None = None
    """SHA-256 of the part of the design that pages and blinded exports show; None if version 0.1 sealed the round."""


class KeyholderDetail(Detail):
    """The detail of the log's entries "key named", "key proved" and "key removed": never a secret key."""

    person: str
    """Who has the key."""
    key_part: SealLayer
    """Which layer of the seal the key opens. Pages before the unblinding do not say “layer”: models have layers too."""
    key_sha256: str
    """SHA-256 of the public key as age writes it."""
    proof: Literal["challenge", "secret key", "seal"] | None = None
    """What was given as a proof: the answer to a challenge, the secret key, or the secret key that opened the seal."""


class ChainHead(Detail):
    """The end of one evaluator's chain, as version 0.1.0 wrote it."""

    judgments: Annotated[int, STRICT]
    """How many judgments the chain has."""
    head: str
    """The chain digest of the last one."""


class Enrolment(Detail):
    """What the lock says about one evaluator who was invited to the round."""

    entries: Annotated[int, STRICT]
    """How many entries their chain has."""
    head: str
    """The chain digest of the last one; the commitment if there is none."""
    exposed: Annotated[bool, STRICT]
    erased: Annotated[bool, STRICT]
    assigned: Annotated[int, STRICT]
    """How many items they had in their order, practice items not counted."""
    joined_at: CanonicalTime | None
    consented_at: CanonicalTime | None
    exposed_because: tuple[str, ...] = ()
    """Why the server's logs call them exposed at the lock; empty if they do not, and in locks of version 0.1."""


class RelatedRound(Detail):
    """Another round of the server that has a model of this one, or may: what its log says when this one is locked."""

    round_id: str
    draw_count: int
    """How many draws were begun in it."""
    announcement_count: int
    """How many times a half of a seed was announced in it."""
    opened: bool
    """Whether evaluators could judge it."""
    unread: Annotated[bool, STRICT] = False
    """Whether archives could not be read, so that it may or may not have a model of this one."""


class LockedDetail(Detail):
    """The detail of the log's entry "locked"."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    v: Literal[2] = 2
    roster: Mapping[str, Enrolment] = Field(alias="evaluators")
    """{pseudonym: what the lock says about them} of everyone who was invited."""
    stopped_early: Annotated[bool, STRICT]
    """Whether the round was locked before it had the judgments that its design asks for."""
    related_rounds: tuple[RelatedRound, ...] | None = None
    """All other rounds of this server that have a model of this one, by id, and those that may have one."""


class LockedDetailV1(Detail):
    """The detail of the log's entry "locked" as version 0.1.0 wrote it."""

    heads: Mapping[str, ChainHead]
    """{pseudonym: chain head} of everyone who judged."""
    stopped_early: Annotated[bool, STRICT]


class EnrolmentV1(Detail):
    """What version 0.1.0 knew about an evaluator besides their judgments."""

    exposed: Annotated[bool, STRICT] = False
    erased: Annotated[bool, STRICT] = False
    assigned: Annotated[int, STRICT] = 0
    joined_at: CanonicalTime | None = None
    consented_at: CanonicalTime | None = None


class UnboundFact(Detail):
    """What an evaluator did about an item under version 0.1.0, outside their chain."""

    evaluator: str
    item: str
    at: str | None = None


class UnboundFlag(UnboundFact):
    """A flag that version 0.1.0 stored outside the chains."""

    reason: FlagReason = "fault"
    comment: str = ""


class UnboundGuess(UnboundFact):
    """An answer to the blinding question that version 0.1.0 stored outside the chains."""

    guess: str


class UnboundAids(UnboundFact):
    """Aids that were opened under version 0.1.0."""


class CarriedOver(Detail):
    """The detail of the log's entry "carried over": what version 0.1.0 bound to nothing in a locked round."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    roster: Mapping[str, EnrolmentV1] = Field(default_factory=dict, alias="evaluators")
    flags: tuple[UnboundFlag, ...] = ()
    guesses: tuple[UnboundGuess, ...] = ()
    aids_opened: tuple[UnboundAids, ...] = ()


def locked_detail(detail: JsonObject) -> LockedDetail | LockedDetailV1:
    """The detail of an entry "locked", in the form in which it was written. Raises SealError for anything else."""
    return read_detail(LockedDetail, detail) if "v" in detail else read_detail(LockedDetailV1, detail)


class TimeStampedDetail(Detail):
    """The detail of the log's entry "time stamped"."""

    of: StampedDigest
    digest: str
    authority: str
    """The authority's address, without passwords or keys."""
    time: str
    """The time in the token."""
