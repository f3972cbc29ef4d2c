"""What the log's entries of the seal and of the lock say: unblinding reads them back as evidence. Pure and open."""

from pydantic import BaseModel, ConfigDict

from app.foundation.json_types import JsonObject


class SealedDetail(BaseModel):
    """Detail of the entry "sealed"."""

    model_config = ConfigDict(frozen=True)

    commitment: str
    design_sha256: str
    sealed_sha256: str
    """SHA-256 of what the seal holds."""
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
    """Detail of the entry "locked"."""

    model_config = ConfigDict(frozen=True)

    heads: dict[str, ChainHead]
    """{pseudonym: chain head} of everyone who judged."""
    stopped_early: bool
    """The lock came before the design's target was reached."""
