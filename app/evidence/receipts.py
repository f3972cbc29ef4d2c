"""Receipts: an evaluator keeps one, and it proves later that an export has their answers unchanged. Pure.

The key of the round signs receipts since version 2. Nobody can tell a receipt without a signature from an invented one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.evidence.entries import ChainEntry, ChainLink
from app.evidence.signing import SIGNATURE, SigningKey
from app.foundation.digest import sha256_of_json
from app.foundation.json_types import JsonObject

NO_HEAD = "absent"
"""The head of a chain without an entry, in a receipt of version 1."""


@dataclass(frozen=True)
class CommittedRound:
    """What a receipt says about its round, and what an export says about the same round."""

    round_id: str
    commitment: str
    receipt_key: str | None
    """Public half of the key that signs receipts; None if version 0.1 sealed the round."""
    lock: str | None
    """The chain digest of the log's entry of the lock; None before the lock."""


class ReceiptV1(BaseModel):
    """A receipt of a round that version 0.1 sealed. It is not signed."""

    model_config = ConfigDict(frozen=True)

    commitment: str | None
    """The round's commitment, which the chain's first entry follows."""
    evaluator: str
    """The evaluator's pseudonym."""
    judgments: int = Field(ge=0)
    """How many entries of the chain the receipt covers; version 0.1 wrote judgments only."""
    head: str
    """The chain digest of the last of these entries."""
    digest: str
    """SHA-256 of the canonical JSON list of these entries."""


class Receipt(BaseModel):
    """The state of an evaluator's chain when the receipt was made, signed by the round's key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[2] = 2
    round: str
    """The round's id."""
    commitment: str
    """The round's commitment, which the chain's first entry follows."""
    evaluator: str
    """The evaluator's pseudonym."""
    entries: int = Field(ge=0)
    """How many entries of the chain the receipt covers."""
    head: str
    """The chain digest of the last of these entries; the commitment if there is none."""
    digest: str
    """SHA-256 of the canonical JSON list of these entries."""
    lock: str | None
    """The lock's digest, which covers everything before the lock; None before the lock."""
    at: str
    """The time when the receipt was made."""
    key: str
    """Public half of the key that signed, which the commitment names."""
    signature: str | None = None
    """Signature of the other fields; None if the server lost the key."""


def make_receipt(
    committed_round: CommittedRound,
    evaluator: str,
    links: Sequence[ChainLink],
    at: str,
    signing_key: SigningKey | None,
) -> Receipt | ReceiptV1:
    """The receipt for all entries of an evaluator, signed if the round has a key and the server still has it."""
    if committed_round.receipt_key is None:
        return make_receipt_v1(evaluator, committed_round.commitment, links)
    receipt = Receipt(
        round=committed_round.round_id,
        commitment=committed_round.commitment,
        evaluator=evaluator,
        entries=len(links),
        head=links[-1]["chain"] if links else committed_round.commitment,
        digest=digest_of_entries(links),
        lock=committed_round.lock,
        at=at,
        key=committed_round.receipt_key,
    )
    if signing_key is None:
        return receipt
    return receipt.model_copy(update={SIGNATURE: signing_key.sign(receipt.model_dump())})


def make_receipt_v1(evaluator: str, commitment: str | None, links: Sequence[ChainLink]) -> ReceiptV1:
    """The receipt for all entries of an evaluator, as version 0.1 wrote it."""
    return ReceiptV1(
        commitment=commitment,
        evaluator=evaluator,
        judgments=len(links),
        head=links[-1]["chain"] if links else NO_HEAD,
        digest=digest_of_entries(links),
    )


def read_receipt(json_object: JsonObject) -> Receipt | ReceiptV1:
    """The receipt that a JSON object describes. Raises ValueError if it describes none."""
    return Receipt.model_validate(json_object) if "v" in json_object else ReceiptV1.model_validate(json_object)


def digest_of_entries(links: Sequence[ChainLink]) -> str:
    """SHA-256 of the canonical JSON list of the links' entries."""
    return sha256_of_json([_entry(link) for link in links])


def entry_count(receipt: Receipt | ReceiptV1) -> int:
    """How many entries the receipt covers."""
    return receipt.judgments if isinstance(receipt, ReceiptV1) else receipt.entries


def expected_head(receipt: Receipt | ReceiptV1, covered: Sequence[ChainLink]) -> str | None:
    """The head that the receipt must name if it covers these links."""
    if covered:
        return covered[-1]["chain"]
    return NO_HEAD if isinstance(receipt, ReceiptV1) else receipt.commitment


def receipt_note(receipt: Receipt | ReceiptV1) -> str:
    """A sentence for the evaluator who keeps the receipt: what it is worth."""
    if isinstance(receipt, ReceiptV1):
        return (
            "This receipt is not signed, because version 0.1 sealed the round. You can compare it with the published "
            "data, but it does not prove to others that the server made it."
        )
    if receipt.signature is None:
        return (
            "This receipt is not signed, because the server lost the key of the round, or because somebody changed its "
            "records: tell the person who invited you. You can compare it with the published data, but it does not "
            "prove to others that the server made it."
        )
    return (
        "This receipt is signed with the key that the round's commitment names. Keep this file: with it anybody can "
        "check that the published data have your answers as you gave them."
    )


def _entry(link: ChainLink) -> ChainEntry:
    return link["entry"]
