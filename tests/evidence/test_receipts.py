from dataclasses import replace

import pytest

from app.evidence.receipts import (
    CommittedRound,
    Receipt,
    ReceiptV1,
    make_receipt,
    make_receipt_v1,
    read_receipt,
    receipt_note,
)
from app.evidence.signing import SigningKey, is_signed
from app.foundation.digest import sha256_of_json
from app.foundation.json_types import JsonObject
from tests.evidence.chained_judgments import COMMITMENT, chained_judgments

KEY = SigningKey.from_text("5e" * 32)
ROUND = CommittedRound("spring", COMMITMENT, KEY.public_key, lock=None)
AT = "2026-01-05T13:00:00.000000+00:00"
FIELDS = ["v", "round", "commitment", "evaluator", "entries", "head", "digest", "lock", "at", "key", "signature"]


def test_a_receipt_names_the_head_and_covers_every_entry() -> None:
    links = chained_judgments("Ada", 3)
    digest = sha256_of_json([link["entry"] for link in links])
    receipt = make_receipt(replace(ROUND, lock="10" * 32), "Ada", links, AT, KEY)
    content = receipt.model_dump()
    assert list(content) == FIELDS
    assert list(content.values())[:-1] == [
        2, "spring", COMMITMENT, "Ada", 3, links[2]["chain"], digest, "10" * 32, AT, KEY.public_key,
    ]  # fmt: skip
    assert is_signed(content, KEY.public_key)


def test_a_receipt_of_version_1_has_the_fields_that_version_0_1_wrote() -> None:
    links = chained_judgments("Ada", 3)
    receipt = make_receipt(replace(ROUND, receipt_key=None), "Ada", links, AT, None)
    assert receipt == make_receipt_v1("Ada", COMMITMENT, links)
    assert receipt == ReceiptV1(
        commitment=COMMITMENT,
        evaluator="Ada",
        judgments=3,
        head=links[2]["chain"],
        digest=sha256_of_json([link["entry"] for link in links]),
    )
    assert list(receipt.model_dump()) == ["commitment", "evaluator", "judgments", "head", "digest"]


def test_a_receipt_of_nothing_has_the_head_that_the_first_entry_would_follow() -> None:
    receipt = make_receipt(ROUND, "Ada", [], AT, KEY)
    assert isinstance(receipt, Receipt)
    assert (receipt.entries, receipt.head) == (0, COMMITMENT)
    assert make_receipt_v1("Ada", COMMITMENT, []).head == "absent"


def test_a_receipt_depends_on_nothing_but_the_chain_the_round_and_the_time() -> None:
    links = chained_judgments("Ada", 3)
    assert make_receipt(ROUND, "Ada", links, AT, KEY) == make_receipt(ROUND, "Ada", links, AT, KEY)


def test_without_the_private_half_a_receipt_names_the_key_and_has_no_signature() -> None:
    receipt = make_receipt(ROUND, "Ada", chained_judgments("Ada", 1), AT, None)
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.signature) == (KEY.public_key, None)


def test_the_note_says_what_the_receipt_is_worth() -> None:
    assert "is signed with the key" in receipt_note(make_receipt(ROUND, "Ada", [], AT, KEY))
    assert "not signed, because the server lost the key" in receipt_note(make_receipt(ROUND, "Ada", [], AT, None))
    assert "not signed, because version 0.1 sealed" in receipt_note(make_receipt_v1("Ada", COMMITMENT, []))


def test_receipts_of_both_versions_are_read_back() -> None:
    links = chained_judgments("Ada", 2)
    for receipt in (make_receipt(ROUND, "Ada", links, AT, KEY), make_receipt_v1("Ada", COMMITMENT, links)):
        assert read_receipt(receipt.model_dump()) == receipt


@pytest.mark.parametrize("change", [{"extra": 1}, {"entries": "2"}, {"entries": -1}, {"v": 3}, {"lock": 1}])
def test_a_receipt_with_a_field_of_another_form_is_refused(change: JsonObject) -> None:
    content = make_receipt(ROUND, "Ada", [], AT, KEY).model_dump()
    with pytest.raises(ValueError, match=next(iter(change))):
        read_receipt(content | change)
