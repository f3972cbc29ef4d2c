"""The round's key: what it signed is told from everything else."""

import pytest

from app.evidence.signing import ExportSignature, SigningKey, is_signed, sign_digests, signature_problem
from app.foundation.json_types import JsonObject

KEY = SigningKey.from_text("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
"""The private key of RFC 8032, section 7.1, test 1."""
DIGESTS = b'{"design.json": "00"}'


def signed(json_object: JsonObject, signing_key: SigningKey = KEY) -> JsonObject:
    return {**json_object, "signature": signing_key.sign(json_object)}


def test_the_key_is_that_of_the_published_standard() -> None:
    assert KEY.public_key == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def test_the_private_half_as_text_gives_the_same_key() -> None:
    signing_key = SigningKey.new()
    assert SigningKey.from_text(signing_key.private_text).public_key == signing_key.public_key
    assert len(signing_key.private_text) == len(signing_key.public_key) == 64


def test_a_key_prints_without_its_private_half() -> None:
    assert KEY.private_text not in repr(KEY)
    assert KEY.private_text not in str(KEY)


@pytest.mark.parametrize("text", ["", "00", "zz" * 32, "00" * 33])
def test_another_text_is_no_key(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        SigningKey.from_text(text)


def test_a_signed_object_is_recognised_whatever_the_order_of_its_fields() -> None:
    json_object = signed({"b": 1, "a": ["é", None]})
    assert is_signed(dict(reversed(json_object.items())), KEY.public_key)
    assert len(str(json_object["signature"])) == 128


@pytest.mark.parametrize(
    "change",
    [{"b": 2}, {"a": "other"}, {"c": None}, {"signature": "00" * 64}, {"signature": "no digits"}, {"signature": None}],
)
def test_a_changed_object_is_not_signed(change: JsonObject) -> None:
    assert not is_signed(signed({"b": 1, "a": "text"}) | change, KEY.public_key)


def test_an_object_without_a_signature_is_not_signed() -> None:
    assert not is_signed({"b": 1}, KEY.public_key)


def test_a_signature_of_another_key_does_not_count() -> None:
    assert not is_signed(signed({"b": 1}, SigningKey.new()), KEY.public_key)
    assert not is_signed(signed({"b": 1}), "not a key")


def test_the_signature_of_an_export_covers_its_list_of_digests() -> None:
    export_signature = sign_digests(KEY, DIGESTS)
    assert list(export_signature.model_dump()) == ["v", "key", "digests_sha256", "signature"]
    assert signature_problem(export_signature, DIGESTS, KEY.public_key) is None


@pytest.mark.parametrize(
    ("change", "digests", "receipt_key", "problem"),
    [
        ({}, DIGESTS + b" ", KEY.public_key, "digests.json was changed after the key of the round signed it"),
        ({"digests_sha256": "00" * 32}, DIGESTS, KEY.public_key, "forged, or it was changed"),
        ({"signature": "00" * 64}, DIGESTS, KEY.public_key, "forged, or it was changed"),
        ({}, DIGESTS, "00" * 32, "another key than the one that its commitment names"),
        ({}, DIGESTS, None, "its commitment names no key"),
    ],
)
def test_what_is_wrong_with_an_export_signature_is_said(
    change: dict[str, str], digests: bytes, receipt_key: str | None, problem: str
) -> None:
    export_signature = ExportSignature.model_validate(sign_digests(KEY, DIGESTS).model_dump() | change)
    assert problem in str(signature_problem(export_signature, digests, receipt_key))


def test_someone_with_a_key_of_their_own_cannot_sign_an_export_of_the_round() -> None:
    forged = sign_digests(SigningKey.new(), DIGESTS)
    assert "another key" in str(signature_problem(forged, DIGESTS, KEY.public_key))
    with_replaced_key = forged.model_copy(update={"key": KEY.public_key})
    assert "forged" in str(signature_problem(with_replaced_key, DIGESTS, KEY.public_key))
