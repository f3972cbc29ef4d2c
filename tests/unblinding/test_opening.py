import json
from dataclasses import replace

import pytest

from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import SealError
from app.rounds.allocation import AllocatedItem, Allocation, SealContent
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.rounds.item import Item, Passage
from app.rounds.sealing import new_keyholder_key, seal
from app.unblinding.opening import PublishedRound, changes_since_commitment, open_seal_content, require_unchanged

KEY = new_keyholder_key()
ITEM = Item("a", (Passage(("one", " word"), (0, 5), 1, "top"),))
ALLOCATED = AllocatedItem("a", "quokka", "1L/0", layer=0, n_layers=1, neuron=3)
CONTENT = SealContent.to_seal(Allocation((ALLOCATED,), ()), seed="0b" * 32, nonce="0a" * 32)
DESIGN = '{"title":"A first look"}'
DIGEST = item_digest(ITEM.content(), CONTENT.nonce)
PUBLISHED = PublishedRound(
    design=DESIGN,
    design_sha256=sha256(DESIGN.encode()),
    items_with_digests={"a": (ITEM.content(), DIGEST)},
    sealed_sha256=seal_digest(CONTENT),
    commitment=commitment_digest(sha256(DESIGN.encode()), {"a": DIGEST}, seal_digest(CONTENT), "5e" * 32),
    receipt_key="5e" * 32,
)


def test_a_key_opens_what_was_sealed() -> None:
    sealed = seal(canonical_bytes(CONTENT.as_sealed), [[KEY.recipient]])
    assert open_seal_content(sealed, [KEY.identity]).allocation == CONTENT.allocation


@pytest.mark.parametrize(
    ("plaintext", "complaint"),
    [
        (b"who is who", "cannot be read"),
        (json.dumps({"seed": "1"}).encode(), "does not hold an allocation, a seed and a nonce"),
        (json.dumps(["seed"]).encode(), "does not hold an allocation, a seed and a nonce"),
    ],
    ids=["no JSON", "a seed alone", "a list"],
)
def test_a_seal_that_holds_anything_else_is_refused(plaintext: bytes, complaint: str) -> None:
    with pytest.raises(SealError, match=complaint):
        open_seal_content(seal(plaintext, [[KEY.recipient]]), [KEY.identity])


def test_the_commitment_of_a_round_that_version_0_1_sealed_is_still_checked() -> None:
    commitment = commitment_digest(sha256(DESIGN.encode()), {"a": DIGEST}, seal_digest(CONTENT), None)
    assert changes_since_commitment(CONTENT, replace(PUBLISHED, commitment=commitment, receipt_key=None)) == []


def test_nothing_differs_from_a_commitment_that_was_kept() -> None:
    assert changes_since_commitment(CONTENT, PUBLISHED) == []
    require_unchanged(CONTENT, PUBLISHED)


@pytest.mark.parametrize(
    ("published", "change"),
    [
        (replace(PUBLISHED, design='{"title":"A second look"}'), "the design"),
        (replace(PUBLISHED, items_with_digests={"a": (Item("a", ()).content(), DIGEST)}), "item a"),
        (replace(PUBLISHED, sealed_sha256="0" * 64), "the allocation"),
        (replace(PUBLISHED, items_with_digests={}), "the commitment, the key of the receipts, or the list of items"),
        (replace(PUBLISHED, receipt_key="0" * 64), "the commitment, the key of the receipts, or the list of items"),
        (replace(PUBLISHED, receipt_key=None), "the commitment, the key of the receipts, or the list of items"),
        (replace(PUBLISHED, commitment="0" * 64), "the commitment, the key of the receipts, or the list of items"),
    ],
)
def test_whatever_was_changed_since_the_commitment_is_named(published: PublishedRound, change: str) -> None:
    assert changes_since_commitment(CONTENT, published) == [change]
    with pytest.raises(SealError, match=f"Changed since the commitment: {change}"):
        require_unchanged(CONTENT, published)
