"""Hash chains: each digest covers its entry and every earlier entry. Pure and open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.evidence.entries import ChainEntry, JudgmentLink
from app.foundation.digest import ZERO_DIGEST, sha256_of_json
from app.foundation.errors import SealError

START_OF_LOG = ZERO_DIGEST
"""The chain digest that the first event of a log follows."""


@dataclass(frozen=True)
class JudgmentChain:
    """One evaluator's judgments in order, and the head of their chain that the log has from the lock."""

    evaluator: str
    links: Sequence[JudgmentLink]
    locked_head: str | None
    """None if the log's entry of the lock names no judgment of this evaluator."""


def chain_digest(previous: str, entry: ChainEntry) -> str:
    """The digest of a chain after `entry`; it covers all earlier entries through the `previous` digest."""
    return sha256_of_json({"previous": previous, "entry": entry})


def first_break(start: str, chained_entries: Iterable[tuple[ChainEntry, str]]) -> int | None:
    """The index of the first (entry, chain digest) that does not follow from those before; None if all do."""
    previous = start
    for index, (entry, digest) in enumerate(chained_entries):
        if chain_digest(previous, entry) != digest:
            return index
        previous = digest
    return None


def chains_by_evaluator(links: Iterable[JudgmentLink]) -> dict[str, list[JudgmentLink]]:
    """{pseudonym: the evaluator's links in order}, by pseudonym."""
    chains: dict[str, list[JudgmentLink]] = {}
    for link in sorted(links, key=lambda link: int(link["number"])):
        chains.setdefault(link["evaluator"], []).append(link)
    return dict(sorted(chains.items()))


def require_unbroken_chains(chains: Iterable[JudgmentChain], commitment: str) -> None:
    """Raise SealError naming the first changed judgment, or an evaluator whose judgments were added or removed."""
    for chain in chains:
        broken = first_break(commitment, ((link["judgment"], link["chain"]) for link in chain.links))
        if broken is not None:
            number, name = chain.links[broken]["number"], chain.evaluator
            msg = f"Judgment {number} of “{name}” was changed since it was given. The round is not unblinded."
            raise SealError(msg)
        head = chain.links[-1]["chain"] if chain.links else None
        if head != chain.locked_head:
            msg = f"Judgments of “{chain.evaluator}” were added or removed since the lock. The round is not unblinded."
            raise SealError(msg)
