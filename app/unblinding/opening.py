"""Opening the seal and checking that nothing changed since the commitment; what did is named. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.evidence.chains import first_break
from app.foundation.digest import sha256
from app.foundation.errors import SealError
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.rounds.sealing import open_seal


@dataclass(frozen=True)
class PublishedRound:
    """What was published at the seal, as the database has it now."""

    design: str
    """Canonical JSON."""
    design_sha256: str
    """As the log's entry of the seal has it."""
    items: Mapping[str, tuple[dict[str, Any], str]]
    """{code: (content, digest)}"""
    sealed_sha256: str
    commitment: str


@dataclass(frozen=True)
class JudgmentChain:
    """One evaluator's judgments as canonical entries with their chain digests, and the head written at the lock."""

    evaluator: str
    links: Sequence[tuple[dict[str, Any], str]]
    head: str | None
    """None if the log of the lock knows no judgment of theirs."""


def open_sealed_content(ciphertext: bytes, identities: Sequence[str]) -> dict[str, Any]:
    """{allocation, seed, nonce} from the seal. Raises SealError if the keys do not open it, or it holds more."""
    try:
        opened = json.loads(open_seal(ciphertext, identities))
    except ValueError as error:
        msg = "What the seal holds cannot be read; it was not made by First Glance."
        raise SealError(msg) from error
    if not isinstance(opened, dict) or set(opened) != {"allocation", "seed", "nonce"}:
        msg = "The seal does not hold an allocation, a seed and a nonce; it was not made by First Glance."
        raise SealError(msg)
    return opened


def require_unchanged(opened: Mapping[str, Any], published: PublishedRound) -> None:
    """Raise SealError naming everything that is not as it was committed to."""
    changed = changes_since_commitment(opened, published)
    if changed:
        msg = (
            f"Changed since the commitment: {', '.join(changed)}. The round is not unblinded; find out who changed it."
        )
        raise SealError(msg)


def changes_since_commitment(opened: Mapping[str, Any], published: PublishedRound) -> list[str]:
    """What differs from the commitment, by name; empty if nothing does."""
    design_sha256 = sha256(published.design.encode())
    sealed_sha256 = seal_digest(opened)
    digests = {code: item_digest(content, opened["nonce"]) for code, (content, _) in published.items.items()}
    found = ["the design"] if design_sha256 != published.design_sha256 else []
    found += [f"item {code}" for code, (_, digest) in published.items.items() if digests[code] != digest]
    found += ["the allocation"] if sealed_sha256 != published.sealed_sha256 else []
    if not found and commitment_digest(design_sha256, digests, sealed_sha256) != published.commitment:
        found.append("the commitment, or the list of items")
    return found


def require_unbroken_chains(chains: Sequence[JudgmentChain], commitment: str) -> None:
    """Raise SealError naming the first judgment that was changed, added or removed since it was given."""
    for chain in chains:
        broken = first_break(commitment, chain.links)
        if broken is not None:
            number = chain.links[broken][0]["number"]
            msg = (
                f"Judgment {number} of “{chain.evaluator}” was changed since it was given. The round is not unblinded."
            )
            raise SealError(msg)
        last = chain.links[-1][1] if chain.links else None
        if last != chain.head:
            msg = f"Judgments of “{chain.evaluator}” were added or removed since the lock. The round is not unblinded."
            raise SealError(msg)
