"""Canonical bytes, digests and chains: what binds a round to what was decided before anyone judged. Pure and open.

Nothing here encrypts or decrypts, so evaluator modules may use it. Every digest is 64 hexadecimal digits.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from app.foundation.digest import sha256_of_json

VERSION = 1
START_OF_LOG = "0" * 64
"""What the first event of a log follows."""

JUDGMENT_FIELDS = (
    "number", "key", "item", "step", "verdict", "hypothesis", "confidence", "comment", "revision", "position",
    "active_seconds", "unfolded", "fixed_width",
)  # fmt: skip


def digest_of_item(content: Mapping[str, Any], nonce: str) -> str:
    """HMAC-SHA256 of an item's canonical JSON under the round's secret nonce (hexadecimal).

    Without the nonce the digest identifies nothing, not even to who holds the archives and guesses.
    """
    return hmac.new(bytes.fromhex(nonce), item_bytes(content), hashlib.sha256).hexdigest()


def item_bytes(content: Mapping[str, Any]) -> bytes:
    """RFC 8785 bytes of an item, which holds nothing but texts, small whole numbers and plain keys.

    For such values the standard library's encoder writes the same bytes thirty times faster: a round has megabytes.
    """
    text = json.dumps(dict(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def sealed_digest(opened: Mapping[str, Any]) -> str:
    """Digest of what the seal holds: exactly {allocation, seed, nonce}."""
    return sha256_of_json({name: opened[name] for name in ("allocation", "seed", "nonce")})


def commitment_of(design_sha256: str, items: Mapping[str, str], sealed_sha256: str) -> str:
    """What is published before the first judgment; `items` maps each code to its digest."""
    return sha256_of_json(
        {
            "v": VERSION,
            "design_sha256": design_sha256,
            "items": [[code, items[code]] for code in sorted(items)],
            "sealed_sha256": sealed_sha256,
        }
    )


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


def judgment_entry(evaluator: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or anything with its attributes
    """What an evaluator's chain says of one judgment; the first follows the round's commitment."""
    entry = {name: getattr(row, name) for name in JUDGMENT_FIELDS}
    return entry | {"evaluator": evaluator, "shown_at": instant(row.shown_at), "judged_at": instant(row.judged_at)}


def event_entry(round_id: str, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or anything with its attributes
    """What a round's log says of one event; the first follows START_OF_LOG."""
    return {
        "round": round_id,
        "number": row.number,
        "at": instant(row.at),
        "actor": row.actor,
        "action": row.action,
        "detail": row.detail,
    }


def instant(moment: datetime) -> str:
    """A time as canonical text: UTC, microseconds always written."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
