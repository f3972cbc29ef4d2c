import json

import pytest

from app.foundation.digest import canonical_bytes
from app.foundation.errors import SealError
from app.rounds.allocation import AllocatedItem, Allocation, SealContent
from app.rounds.sealing import new_keyholder_key, seal
from app.unblinding.opening import open_seal_content

KEY = new_keyholder_key()
ALLOCATED = AllocatedItem("a", "quokka", "1L/0", layer=0, n_layers=1, neuron=3)
CONTENT = SealContent.to_seal(Allocation((ALLOCATED,), ()), seed="0b" * 32, nonce="0a" * 32)


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
