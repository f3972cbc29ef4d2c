"""Aids are encrypted to texts of one length, each for its own item."""

from dataclasses import replace

import pytest

from app.foundation.errors import JudgmentError
from app.rounds.aids import Aids
from app.rounds.aids_key import AidsKey, StoredAids, read_stored_aids
from app.tasks.item import Item
from tests.rounds.test_neighbours import passage

KEY = AidsKey.new()
SHORT = Aids(strengths=((1,),), tokens=(), lowest=-1.0, histogram=(1,), promoted=(), suppressed=())
LONG = SHORT.model_copy(update={"histogram": tuple(range(50))})
ENCRYPTED = KEY.encrypt_aids("round", {"b": LONG.model_dump_json(), "a": SHORT.model_dump_json()})
STORED = StoredAids("round", Item("a", (passage("x"),)), ENCRYPTED["a"])


def test_aids_are_encrypted_in_the_order_of_codes_to_texts_of_one_length() -> None:
    assert list(ENCRYPTED) == ["a", "b"]
    assert len(ENCRYPTED["a"]) == len(ENCRYPTED["b"])


def test_the_key_reads_what_it_encrypted() -> None:
    assert read_stored_aids(STORED, AidsKey.from_text(KEY.private_text)) == SHORT


def test_aids_of_version_0_1_are_read_without_a_key() -> None:
    assert read_stored_aids(replace(STORED, stored_text=LONG.model_dump_json()), None) == LONG


@pytest.mark.parametrize(
    ("stored", "aids_key"),
    [
        (STORED, None),
        (STORED, AidsKey.new()),
        (replace(STORED, round_id="another round"), KEY),
        (replace(STORED, stored_text=ENCRYPTED["b"]), KEY),
        (replace(STORED, stored_text="aes256gcm:short"), KEY),
    ],
    ids=["no key", "another key", "another round", "another item", "damaged"],
)
def test_aids_that_cannot_be_decrypted_are_called_lost(stored: StoredAids, aids_key: AidsKey | None) -> None:
    with pytest.raises(JudgmentError, match="lost the key"):
        read_stored_aids(stored, aids_key)


def test_the_key_never_prints() -> None:
    assert KEY.private_text not in repr(KEY)
