"""Receipts: an evaluator takes one along, and it proves later that an export holds their answers as given. Pure."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from app.evidence.entries import JudgmentLink
from app.foundation.digest import sha256_of_json

NO_HEAD = "absent"
"""The head of a chain without a judgment."""


class Receipt(BaseModel):
    """What an evaluator's chain was when the receipt was made."""

    model_config = ConfigDict(frozen=True)

    commitment: str | None
    """Of the round: what the chain's first judgment follows."""
    evaluator: str
    """Pseudonym."""
    judgments: int
    """How many judgments the receipt covers."""
    head: str
    """The chain digest after them."""
    digest: str
    """SHA-256 of the canonical list of their entries."""


def make_receipt(evaluator: str, commitment: str | None, links: Sequence[JudgmentLink]) -> Receipt:
    """The receipt for all of an evaluator's judgments."""
    return Receipt(
        commitment=commitment,
        evaluator=evaluator,
        judgments=len(links),
        head=links[-1]["chain"] if links else NO_HEAD,
        digest=sha256_of_json([link["judgment"] for link in links]),
    )


def recomputed_receipt(receipt: Receipt, commitment: str | None, links: Sequence[JudgmentLink]) -> Receipt:
    """What `receipt` would say if it were made from this chain now, for as many judgments: equal if nothing changed."""
    return make_receipt(receipt.evaluator, commitment, links[: receipt.judgments])
