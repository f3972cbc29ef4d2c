from app.evidence.entries import ChainLink
from app.evidence.receipts import Receipt, make_receipt, recomputed_receipt
from app.foundation.digest import sha256_of_json
from tests.evidence.chained_judgments import COMMITMENT, chained_judgments, judgment_v1


def test_a_receipt_names_the_head_and_covers_every_entry() -> None:
    links = chained_judgments("Ada", 3)
    assert make_receipt("Ada", COMMITMENT, links) == Receipt(
        commitment=COMMITMENT,
        evaluator="Ada",
        judgments=3,
        head=links[2]["chain"],
        digest=sha256_of_json([link["entry"] for link in links]),
    )


def test_a_receipt_has_its_fields_in_the_order_of_the_files_that_hold_it() -> None:
    receipt = make_receipt("Ada", COMMITMENT, chained_judgments("Ada", 1))
    assert list(receipt.model_dump()) == ["commitment", "evaluator", "judgments", "head", "digest"]


def test_a_receipt_of_nothing_has_no_head() -> None:
    assert make_receipt("Ada", COMMITMENT, []).head == "absent"


def test_a_receipt_agrees_with_a_chain_that_went_on_since() -> None:
    links = chained_judgments("Ada", 5)
    receipt = make_receipt("Ada", COMMITMENT, links[:3])
    assert recomputed_receipt(receipt, COMMITMENT, links) == receipt


def test_a_changed_or_shortened_chain_gives_another_receipt() -> None:
    links = chained_judgments("Ada", 3)
    receipt = make_receipt("Ada", COMMITMENT, links)
    forged: ChainLink = {**links[0], "entry": judgment_v1("Ada", 0)}
    assert recomputed_receipt(receipt, COMMITMENT, [forged, *links[1:]]).digest != receipt.digest
    assert recomputed_receipt(receipt, COMMITMENT, links[:2]).judgments == 2
    assert recomputed_receipt(receipt, "0" * 64, links).commitment != receipt.commitment
