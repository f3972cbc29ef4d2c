"""Receipts: an evaluator keeps one, and it proves later that an export has their answers unchanged. Pure."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from app.evidence.entries import ChainLink
from app.foundation.digest import sha256_of_json

NO_HEAD = "absent"
"""The head of a chain without a judgment."""


class Receipt(BaseModel):
    """The state of an evaluator's chain when the receipt was made."""

    model_config = ConfigDict(frozen=True)

    commitment: str | None
    """The round's commitment, which the chain's first judgment follows."""
    evaluator: str
    """The evaluator's pseudonym."""
    judgments: int
    """How many judgments the receipt covers."""
    head: str
    """The chain digest of the last of these judgments."""
    digest: str
    """SHA-256 of the canonical JSON list of these judgments' entries."""


def make_receipt(evaluator: str, commitment: str | None, links: Sequence[ChainLink]) -> Receipt:
    """The receipt for all judgments of an evaluator."""
    return Receipt(
        commitment=commitment,
        evaluator=evaluator,
        judgments=len(links),
        head=links[-1]["chain"] if links else NO_HEAD,
        digest=sha256_of_json([link["entry"] for link in links]),
    )


def recomputed_receipt(receipt: Receipt, commitment: str | None, links: Sequence[ChainLink]) -> Receipt:
    """The receipt that this chain gives for as many judgments as `receipt` covers; equal to it if nothing changed."""
    return make_receipt(receipt.evaluator, commitment, links[: receipt.judgments])
