"""Canonical bytes, digests and chains: what binds a round to what was decided before anyone judged. Pure and open.

Nothing here encrypts or decrypts, so evaluator modules may use it. Every digest is 64 hexadecimal digits.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from app.foundation.digest import sha256_of_json

VERSION = 1


def item_digest(content: Mapping[str, Any], nonce: str) -> str:
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


def seal_digest(opened: Mapping[str, Any]) -> str:
    """Digest of what the seal holds: exactly {allocation, seed, nonce}."""
    return sha256_of_json({name: opened[name] for name in ("allocation", "seed", "nonce")})


def commitment_digest(design_sha256: str, items: Mapping[str, str], sealed_sha256: str) -> str:
    """What is published before the first judgment; `items` maps each code to its digest."""
    return sha256_of_json(
        {
            "v": VERSION,
            "design_sha256": design_sha256,
            "items": [[code, items[code]] for code in sorted(items)],
            "sealed_sha256": sealed_sha256,
        }
    )
