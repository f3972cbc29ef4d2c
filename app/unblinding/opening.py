"""Open the seal, and name everything that changed since the commitment. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.foundation.digest import sha256
from app.foundation.errors import SealError
from app.rounds.allocation import SealContent
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.rounds.item import ItemContent
from app.rounds.sealing import open_seal


@dataclass(frozen=True)
class PublishedRound:
    """What was published at the seal, as the database stores it now."""

    design: str
    """The design's canonical JSON."""
    design_sha256: str
    """The design's digest in the log's entry of the seal."""
    items_with_digests: Mapping[str, tuple[ItemContent, str]]
    """{code: (content, digest)}"""
    sealed_sha256: str
    commitment: str
    receipt_key: str | None
    """Public half of the key that signs receipts; None if version 0.1 sealed the round."""


def open_seal_content(ciphertext: bytes, identities: Sequence[str]) -> SealContent:
    """The content of a seal. Raises SealError if the keys do not open it or the content is not a seal's."""
    return read_seal_content(open_seal(ciphertext, identities))


def read_seal_content(plaintext: bytes | str) -> SealContent:
    """The content of a seal, from its JSON text. Raises SealError if the text is anything else."""
    try:
        values = json.loads(plaintext)
    except ValueError as error:
        msg = "The content of the seal cannot be read; it was not made by First Glance."
        raise SealError(msg) from error
    try:
        return SealContent.from_content(values)
    except ValueError as error:
        msg = "The seal does not hold an allocation, a seed and a nonce; it was not made by First Glance."
        raise SealError(msg) from error


def require_unchanged(seal_content: SealContent, published: PublishedRound) -> None:
    """Raise SealError naming everything that changed since the commitment."""
    changes = changes_since_commitment(seal_content, published)
    if changes:
        msg = (
            f"Changed since the commitment: {', '.join(changes)}. The round is not unblinded; find out who changed it."
        )
        raise SealError(msg)


def changes_since_commitment(seal_content: SealContent, published: PublishedRound) -> list[str]:
    """The names of everything that differs from the commitment; empty if nothing does."""
    design_sha256 = sha256(published.design.encode())
    sealed_sha256 = seal_digest(seal_content)
    items = published.items_with_digests.items()
    digests = {code: item_digest(content, seal_content.nonce) for code, (content, _) in items}
    changes = ["the design"] if design_sha256 != published.design_sha256 else []
    changes += [f"item {code}" for code, (_, digest) in items if digests[code] != digest]
    changes += ["the allocation"] if sealed_sha256 != published.sealed_sha256 else []
    commitment = commitment_digest(design_sha256, digests, sealed_sha256, published.receipt_key)
    if not changes and commitment != published.commitment:
        return ["the commitment, the key of the receipts, or the list of items"]
    return changes
