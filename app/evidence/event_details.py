"""The details of the log's entries about draw, seal and lock; unblinding reads them as evidence. Pure and open."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.foundation.json_types import JsonObject


class CreatedDetail(BaseModel):
    """The detail of the log's entry "created"."""

    model_config = ConfigDict(frozen=True)

    design_sha256: str
    preset: str
    same_archives: tuple[str, ...] | None = None
    """Ids of earlier rounds of this server that use the same archives; logs of version 0.1.0 do not say."""


class CopiedDetail(BaseModel):
    """The detail of the log's entry "copied"; logs of version 0.1.0 name nothing but the source."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, serialize_by_alias=True)

    source: str = Field(alias="from")
    """Id of the round that was copied."""
    state: str | None = None
    """The state of that round when it was copied."""
    draw_count: int | None = None
    """How many draws were begun in that round and in those that it was copied from."""
    announcement_count: int | None = None
    """How many times a half of a seed was announced there."""


class AnnouncedDetail(BaseModel):
    """The detail of the log's entry "draw announced"."""

    model_config = ConfigDict(frozen=True)

    number: int
    """1, 2, 3, ... among the announcements of the round."""
    half_sha256: str
    """SHA-256 of the server's half of the seed."""
    public_name: str
    """The name of the future public value that completes the seed."""


class DrawDetail(BaseModel):
    """The detail of the log's entry "seal begun": how the seed of the draw came about."""

    model_config = ConfigDict(frozen=True)

    number: int
    """1, 2, 3, ... among the draws of the round."""
    again: bool = False
    """Whether the seal was begun again from the same half and value, so that the draw is the same as before."""
    seed_rule: Literal["server", "public"] = "server"
    half_sha256: str | None = None
    """SHA-256 of the announced half of the seed; None if the server drew the whole seed alone."""
    public_name: str | None = None
    public_value: str | None = None
    """The public value that completed the seed."""


class SealedDetail(BaseModel):
    """The detail of the log's entry "sealed"."""

    model_config = ConfigDict(frozen=True)

    commitment: str
    design_sha256: str
    sealed_sha256: str
    """SHA-256 of the content of the seal."""
    items: int
    keys: int
    two_person: bool
    audit: JsonObject | None
    """Summary of the leak audit; None if the round was sealed without one."""
    draw: DrawDetail | None = None
    """The draw whose neurons were sealed; logs of version 0.1.0 do not say."""
    receipt_key: str | None = None
    """Public half of the key that signs receipts; None if version 0.1 sealed the round."""


class ChainHead(BaseModel):
    """The end of one evaluator's chain."""

    model_config = ConfigDict(frozen=True)

    judgments: int
    """How many judgments the chain has."""
    head: str
    """The chain digest of the last one."""


class LockedDetail(BaseModel):
    """The detail of the log's entry "locked"."""

    model_config = ConfigDict(frozen=True)

    heads: dict[str, ChainHead]
    """{pseudonym: chain head} of everyone who judged."""
    stopped_early: bool
    """Whether the round was locked before it had the judgments that its design asks for."""
