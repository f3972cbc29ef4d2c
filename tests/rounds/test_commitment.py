import hashlib
import hmac
import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from app.foundation.digest import canonical_bytes
from app.rounds.allocation import Allocation, SealContent
from app.rounds.commitment import commitment_digest, item_bytes, item_digest, seal_digest
from app.tasks.item import Item, Passage

DIGESTS = st.integers(0, 2**256 - 1).map(lambda number: f"{number:064x}")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def plain_json(value: object) -> bytes:
    """Canonical JSON for values without floats and with ASCII keys, made without the library."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@given(DIGESTS, st.dictionaries(st.text("abc", min_size=1), DIGESTS, max_size=5), DIGESTS, st.none() | DIGESTS)
def test_the_commitment_is_the_digest_of_its_canonical_bytes(
    design_sha256: str, item_digests: dict[str, str], sealed_sha256: str, receipt_key: str | None
) -> None:
    document = {
        "v": 1 if receipt_key is None else 2,
        "design_sha256": design_sha256,
        "items": sorted([code, digest] for code, digest in item_digests.items()),
        "sealed_sha256": sealed_sha256,
    }
    if receipt_key is not None:
        document["receipt_key"] = receipt_key
    expected = hashlib.sha256(plain_json(document)).hexdigest()
    assert commitment_digest(design_sha256, item_digests, sealed_sha256, receipt_key) == expected


@given(st.lists(TEXTS), st.integers(0, 10**6))
def test_an_item_s_bytes_are_those_of_rfc_8785(texts: list[str], number: int) -> None:
    content = Item("x", (Passage(tuple(texts), (0, number), number, "top"),)).content()
    assert item_bytes(content) == canonical_bytes(content)


@given(DIGESTS, TEXTS)
def test_an_item_s_digest_is_an_hmac_under_the_nonce(nonce: str, text: str) -> None:
    content = Item("x", (Passage((text,), (5,), 0, "top"),)).content()
    expected = hmac.new(bytes.fromhex(nonce), plain_json(content), hashlib.sha256).hexdigest()
    assert item_digest(content, nonce) == expected


def test_the_seal_s_digest_covers_allocation_seed_and_nonce() -> None:
    content = SealContent.to_seal(Allocation((), ()), seed="1", nonce="2")
    assert seal_digest(content) == hashlib.sha256(plain_json(content.as_sealed)).hexdigest()
    for name in ("allocation", "seed", "nonce"):
        changed = replace(content, as_sealed=content.as_sealed | {name: "other"})
        assert seal_digest(changed) != seal_digest(content)
