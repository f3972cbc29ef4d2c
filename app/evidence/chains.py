"""Hash chains: each digest covers its entry and every earlier entry. Pure and open."""

from collections.abc import Iterable

from app.evidence.entries import AnyEntry, ChainLink
from app.foundation.digest import ZERO_DIGEST, sha256_of_json

START_OF_LOG = ZERO_DIGEST
"""The chain digest that the first event of a log follows. An evaluator's first entry follows the commitment."""


def chain_digest(previous: str, chained: AnyEntry) -> str:
    """The digest of a chain after the entry `chained`; it covers all earlier entries through the `previous` digest."""
    return sha256_of_json({"previous": previous, "entry": chained})


def first_break(start: str, chained_entries: Iterable[tuple[AnyEntry, str]]) -> int | None:
    """The index of the first (entry, chain digest) that does not follow from those before; None if all do."""
    previous = start
    for index, (entry, digest) in enumerate(chained_entries):
        if chain_digest(previous, entry) != digest:
            return index
        previous = digest
    return None


def chains_by_evaluator(links: Iterable[ChainLink]) -> dict[str, list[ChainLink]]:
    """{pseudonym: the evaluator's links in order}, by pseudonym."""
    chains: dict[str, list[ChainLink]] = {}
    for link in sorted(links, key=lambda link: int(link["number"])):
        chains.setdefault(link["evaluator"], []).append(link)
    return dict(sorted(chains.items()))
