"""Hash chains: each digest covers its entry and every entry before it. Pure and open."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.foundation.digest import sha256_of_json

START_OF_LOG = "0" * 64
"""What the first event of a log follows."""


def chain_digest(previous: str, entry: Mapping[str, Any]) -> str:
    """The digest of a chain after `entry`; it covers everything before it."""
    return sha256_of_json({"previous": previous, "entry": dict(entry)})


def first_break(start: str, links: Iterable[tuple[Mapping[str, Any], str]]) -> int | None:
    """The index of the first link (entry, chain digest) that does not follow from those before; None if all do."""
    previous = start
    for index, (entry, chain) in enumerate(links):
        if chain_digest(previous, entry) != chain:
            return index
        previous = chain
    return None
