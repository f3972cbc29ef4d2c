"""The details of the log's entries about seal and lock; unblinding reads them as evidence. Pure and open."""

from pydantic import BaseModel, ConfigDict

from app.foundation.json_types import JsonObject


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
