"""Digests that prove later that design, items and seal are those that were fixed before judging. Pure and open.

Nothing here encrypts or decrypts, so evaluator modules may use it. Every digest is 64 hexadecimal digits.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from app.foundation.digest import sha256_of_json
from app.rounds.allocation import SealContent
from app.tasks.item import ItemContent


@dataclass(frozen=True)
class PublishedCommitment:
    """What is to be published at the seal: the commitment and the digests it is computed from."""

    commitment: str
    design_sha256: str
    sealed_sha256: str
    item_digests: Mapping[str, str]
    """{code: digest of the item}"""
    receipt_key: str | None
    """Public half of the key that signs receipts; None if version 0.1 sealed the round, which signed none."""

    @property
    def version(self) -> int:
        """The version of the commitment's form."""
        return commitment_version(self.receipt_key)


def item_digest(content: ItemContent, nonce: str) -> str:
    """HMAC-SHA256 of an item's canonical JSON under the round's secret nonce (hexadecimal).

    Without the nonce nobody can check a guess against the digest, not even someone who holds the archives.
    """
    return hmac.new(bytes.fromhex(nonce), item_bytes(content), hashlib.sha256).hexdigest()


def item_bytes(content: ItemContent) -> bytes:
    """RFC 8785 bytes of an item.

    An item holds only texts, small whole numbers and plain keys. For such values the standard library's encoder writes
    the same bytes thirty times faster, and a round has megabytes of them.
    """
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def seal_digest(seal_content: SealContent) -> str:
    """Digest of the content of a seal."""
    return sha256_of_json(seal_content.as_sealed)


def commitment_version(receipt_key: str | None) -> int:
    """The version of a commitment's form: 1 without a key, which is how version 0.1 sealed rounds."""
    return 1 if receipt_key is None else 2


def commitment_digest(
    design_sha256: str, item_digests: Mapping[str, str], sealed_sha256: str, receipt_key: str | None
) -> str:
    """The commitment, to be published before the first judgment; `item_digests` is {code: digest}."""
    key_field = {} if receipt_key is None else {"receipt_key": receipt_key}
    return sha256_of_json(
        {
            "v": commitment_version(receipt_key),
            "design_sha256": design_sha256,
            "items": [[code, item_digests[code]] for code in sorted(item_digests)],
            "sealed_sha256": sealed_sha256,
            **key_field,
        }
    )
