import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.foundation.errors import SealError
from app.rounds.sealing import new_keyholder_key, open_seal, seal

ADA, BO, CLEO = new_keyholder_key(), new_keyholder_key(), new_keyholder_key()


@settings(max_examples=20)
@given(st.dictionaries(st.text(), st.integers()))
def test_any_one_of_the_alternative_keys_opens_a_seal(content: dict[str, int]) -> None:
    plaintext = json.dumps(content).encode()
    sealed = seal(plaintext, [[ADA.recipient, BO.recipient]])
    assert open_seal(sealed, [ADA.identity]) == open_seal(sealed, [BO.identity]) == plaintext


def test_two_people_together_open_a_nested_seal_and_neither_alone() -> None:
    sealed = seal(b"who is who", [[ADA.recipient], [BO.recipient]])
    assert open_seal(sealed, [ADA.identity, BO.identity]) == b"who is who"
    for keyholder in (ADA, BO, CLEO):
        with pytest.raises(SealError, match="key"):
            open_seal(sealed, [keyholder.identity])


def test_a_key_that_is_not_a_keyholder_s_does_not_open_a_seal() -> None:
    with pytest.raises(SealError, match="does not open with the key given"):
        open_seal(seal(b"x", [[ADA.recipient]]), [CLEO.identity])


def test_a_flipped_byte_in_the_seal_is_found() -> None:
    sealed = bytearray(seal(b"who is who", [[ADA.recipient]]))
    sealed[-1] ^= 1
    with pytest.raises(SealError):
        open_seal(bytes(sealed), [ADA.identity])


def test_text_that_is_no_key_gets_a_sentence_that_does_not_repeat_the_text() -> None:
    with pytest.raises(SealError, match="That is not a key") as refusal:
        open_seal(b"", ["hunter2"])
    assert "hunter2" not in str(refusal.value)
    with pytest.raises(SealError, match="not a recipient") as refusal:
        seal(b"", [[ADA.identity]])
    assert ADA.identity not in str(refusal.value)


def test_a_seal_for_nobody_is_refused() -> None:
    with pytest.raises(SealError, match="at least one recipient"):
        seal(b"", [])


def test_a_seal_nested_without_end_is_refused() -> None:
    sealed = seal(b"x", [[ADA.recipient]] * 5)
    with pytest.raises(SealError, match="more than 4 layers"):
        open_seal(sealed, [ADA.identity])


def test_an_identity_opens_what_its_recipient_sealed() -> None:
    assert open_seal(seal(b"who is who", [[ADA.recipient]]), [ADA.identity]) == b"who is who"
