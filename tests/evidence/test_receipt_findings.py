"""A forged receipt is told from a genuine one, and a genuine one finds what was changed in an export."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.entries import ChainLink
from app.evidence.own_answers import OwnAnswers
from app.evidence.receipt_findings import ReceiptCase, ReceiptFinding, judge_receipt
from app.evidence.receipts import CommittedRound, Receipt, ReceiptV1, make_receipt, make_receipt_v1
from app.evidence.signing import SigningKey
from app.foundation.json_types import JsonObject, JsonValue
from tests.evidence.chained_judgments import COMMITMENT, chained_judgments, judgment_v1

KEY, OTHER_KEY = SigningKey.from_text("5e" * 32), SigningKey.from_text("77" * 32)
LOCK = "10" * 32
COLLECTING = CommittedRound("spring", COMMITMENT, KEY.public_key, lock=None)
LOCKED = replace(COLLECTING, lock=LOCK)
OTHER_ROUND = CommittedRound("autumn", "0a" * 32, OTHER_KEY.public_key, lock=LOCK)
OLD_ROUND = replace(LOCKED, receipt_key=None)
AT = "2026-01-05T13:00:00.000000+00:00"
LINKS = chained_judgments("Ada", 5)


def genuine(
    committed_round: CommittedRound = LOCKED, links: Sequence[ChainLink] = LINKS, signing_key: SigningKey = KEY
) -> Receipt:
    receipt = make_receipt(committed_round, "Ada", links, AT, signing_key)
    assert isinstance(receipt, Receipt)
    return receipt


def signed_again(receipt: Receipt, signing_key: SigningKey, **changes: JsonValue) -> Receipt:
    """The receipt with changed fields, signed by whoever has the key."""
    changed = receipt.model_copy(update=changes)
    return changed.model_copy(update={"signature": signing_key.sign(changed.model_dump())})


def finding_on(
    receipt: Receipt, committed_round: CommittedRound = LOCKED, links: Sequence[ChainLink] = LINKS
) -> ReceiptFinding:
    return judge_receipt(receipt, committed_round, links)


def test_a_genuine_receipt_from_after_the_lock_anchors_the_lock() -> None:
    finding = finding_on(genuine())
    assert (finding.case, finding.agrees, finding.anchors_entries, finding.anchors_lock) == (
        "genuine",
        True,
        True,
        True,
    )
    assert (finding.evaluator, finding.entries, finding.lock) == ("Ada", 5, LOCK)
    assert finding.sentence.startswith("The receipt is genuine: the export has the 5 entries of “Ada” that it covers")


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_genuine_receipt_from_before_the_lock_anchors_the_entries_that_it_covers(count: int) -> None:
    finding = finding_on(genuine(COLLECTING, LINKS[:count]))
    assert (finding.case, finding.anchors_entries, finding.anchors_lock) == ("genuine", True, False)
    assert "before the lock" in finding.sentence


@pytest.mark.parametrize(
    "change",
    [
        {"round": "autumn"}, {"commitment": "00" * 32}, {"evaluator": "Bo"}, {"entries": 4}, {"head": "00" * 32},
        {"digest": "00" * 32}, {"lock": "00" * 32}, {"lock": None}, {"at": "2026-01-05T12:00:00.000000+00:00"},
        {"signature": "00" * 64}, {"signature": "no digits"},
    ],
)  # fmt: skip
def test_a_receipt_with_a_changed_field_is_forged(change: JsonObject) -> None:
    finding = finding_on(genuine().model_copy(update=change))
    assert (finding.case, finding.is_genuine, finding.agrees, finding.lock) == ("forged", False, False, None)
    assert finding.sentence == "The signature does not fit the receipt: the receipt is forged, or it was changed."


@given(st.sampled_from(sorted(set(Receipt.model_fields) - {"v"})), st.data())
def test_a_receipt_with_any_other_text_in_a_field_is_never_genuine(field: str, data: st.DataObject) -> None:
    original = genuine().model_dump()[field]
    texts = st.text(st.characters(codec="utf-8"), max_size=130)
    changed = st.integers(0, 2**60) if isinstance(original, int) else texts | st.from_regex(r"[0-9a-f]{64,128}")
    value = data.draw(changed.filter(lambda text: text != original))
    finding = finding_on(genuine().model_copy(update={field: value}))
    assert (finding.is_genuine, finding.agrees) == (False, False)


def test_a_receipt_that_another_key_signed_is_forged() -> None:
    finding = finding_on(signed_again(genuine(), OTHER_KEY))
    assert (finding.case, finding.sentence[:47]) == ("forged", "The signature does not fit the receipt: the rec")


def test_a_receipt_whose_key_was_replaced_with_the_forger_s_is_forged() -> None:
    finding = finding_on(signed_again(genuine(), OTHER_KEY, key=OTHER_KEY.public_key))
    assert finding.case == "forged"
    assert "another key signed it than the one that the commitment names. Somebody forged it, or" in finding.sentence


def test_a_signature_copied_from_another_genuine_receipt_is_forged() -> None:
    earlier = genuine(COLLECTING, LINKS[:3])
    finding = finding_on(genuine().model_copy(update={"signature": earlier.signature}))
    assert finding.case == "forged"


def test_a_signed_receipt_of_a_round_that_never_had_a_key_is_forged() -> None:
    finding = finding_on(genuine(), OLD_ROUND)
    assert finding.case == "forged"
    assert "sealed by version 0.1" in finding.sentence


def test_a_receipt_of_another_round_says_so() -> None:
    receipt = genuine(OTHER_ROUND, LINKS, OTHER_KEY)
    for committed_round in (LOCKED, OLD_ROUND):
        finding = finding_on(receipt, committed_round)
        assert (finding.case, finding.agrees) == ("other round", False)
        assert finding.sentence.startswith("The receipt is of another round: it names the commitment 0a0a0a0a0a0a…")


@pytest.mark.parametrize("receipt_key", [KEY, OTHER_KEY])
def test_a_receipt_finds_a_commitment_that_was_made_anew(receipt_key: SigningKey) -> None:
    """Whoever owns the server can draw again under the old key or a new one; old receipts name the old commitment."""
    remade = replace(LOCKED, commitment="0b" * 32, receipt_key=receipt_key.public_key)
    finding = finding_on(genuine(), remade)
    assert (finding.case, finding.is_genuine) == ("other commitment", receipt_key is KEY)
    assert (finding.agrees, finding.counts) == (False, True)
    assert receipt_key is KEY or finding.sentence == (
        "The receipt names this round, but the commitment c0c0c0c0c0c0…, and the export has 0b0b0b0b0b0b…: either the "
        "receipt is forged, or the round was sealed anew after it was made. Compare both with the commitment that was "
        "published."
    )


def test_a_receipt_of_another_round_with_the_same_commitment_is_found() -> None:
    finding = finding_on(genuine(), replace(LOCKED, round_id="autumn"))
    assert (finding.case, finding.is_genuine) == ("other commitment", True)
    assert "it names round spring" in finding.sentence


def test_an_export_with_fewer_entries_is_found() -> None:
    finding = finding_on(genuine(), LOCKED, LINKS[:3])
    assert (finding.case, finding.is_genuine) == ("entries missing", True)
    assert (
        "covers 5 entries of “Ada”, but the export has only 3. They were removed: the log does not say"
        in finding.sentence
    )


@pytest.mark.parametrize("receipt", [genuine(COLLECTING), genuine(COLLECTING, []), genuine(LOCKED)])
def test_an_export_from_before_the_lock_has_no_entries_and_contradicts_no_genuine_receipt(receipt: Receipt) -> None:
    finding = finding_on(receipt, COLLECTING, [])
    assert (finding.case, finding.agrees, finding.is_genuine) == ("not comparable", True, True)
    assert (finding.anchors_commitment, finding.anchors_entries, finding.anchors_lock) == (True, False, False)
    assert finding.sentence.startswith("The receipt is genuine: the round's key, which the commitment names, signed")
    assert "can be compared with an export from the lock on." in finding.sentence


def test_an_export_from_before_the_lock_proves_nothing_of_a_receipt_that_is_not_signed() -> None:
    for committed_round in (COLLECTING, replace(OLD_ROUND, lock=None)):
        finding = judge_receipt(make_receipt_v1("Ada", COMMITMENT, LINKS), committed_round, [])
        assert (finding.case, finding.anchors_commitment) == ("not comparable", False)
        assert "genuine" not in finding.sentence
        assert "The receipt is not signed" in finding.sentence


def test_a_forged_receipt_and_a_changed_file_are_found_before_the_lock_too() -> None:
    assert finding_on(signed_again(genuine(COLLECTING), OTHER_KEY), COLLECTING, []).case == "forged"
    finding = judge_receipt(genuine(COLLECTING), COLLECTING, [], OwnAnswers(LINKS[:4]))
    assert finding.case == "file changed"
    assert finding.sentence.endswith("The receipt by itself can be compared with an export from the lock on.")


DELETED = ("2026-01-05 at 14:00 UTC", "2026-01-06 at 09:30 UTC")


@pytest.mark.parametrize("count", [1, 2])
def test_a_receipt_of_somebody_who_may_have_been_erased_is_left_to_them(count: int) -> None:
    """The log names nobody who was erased, so only they can say whether it was at their wish."""
    finding = judge_receipt(genuine(), LOCKED, [], is_enrolled=False, erasure_times=DELETED[:count])
    assert (finding.case, finding.agrees, finding.is_genuine) == ("perhaps erased", True, True)
    assert (finding.anchors_commitment, finding.anchors_entries, finding.anchors_lock) == (True, False, False)
    words = {
        1: "1 evaluator, whom it does not name, had everything deleted on 2026-01-05 at 14:00 UTC. If that was “Ada”, ",
        2: "2 evaluators, whom it does not name, had everything deleted on 2026-01-05 at 14:00 UTC, 2026-01-06 at ",
    }
    assert words[count] in finding.sentence
    assert finding.sentence.endswith("nothing is wrong; if not, the entries were removed.")


def test_somebody_who_may_have_been_erased_has_a_changed_file_named_all_the_same() -> None:
    finding = judge_receipt(genuine(), LOCKED, [], OwnAnswers(LINKS[:4]), is_enrolled=False, erasure_times=DELETED)
    assert (finding.case, finding.agrees) == ("file changed", False)
    assert "had everything deleted" in finding.sentence


def test_a_changed_entry_is_found_and_the_evaluator_s_own_file_says_which() -> None:
    rewritten = [*LINKS[:2], *chained_judgments("Bo", 5)[2:]]
    finding = judge_receipt(genuine(), LOCKED, rewritten, OwnAnswers(LINKS))
    assert (finding.case, finding.is_genuine) == ("entries differ", True)
    assert finding.sentence == (
        "The export's chain of “Ada” differs from the receipt within its first 5 entries. The file has the evaluator "
        "“Ada” on item i2 (entry 2); the export has “Bo”."
    )


def test_a_receipt_without_the_answers_names_no_entry() -> None:
    finding = judge_receipt(genuine(), LOCKED, chained_judgments("Bo", 5))
    assert finding.case == "entries differ"
    assert finding.sentence.endswith("differs from the receipt within its first 5 entries.")


CHANGED_ENTRY: ChainLink = {**LINKS[1], "entry": judgment_v1("Ada", 1)}


@pytest.mark.parametrize(
    ("own_answers", "reason"),
    [
        (OwnAnswers(LINKS[:4]), "the receipt covers 5 entries, and the file has 4"),
        (OwnAnswers([]), "the receipt covers 5 entries, and the file has 0"),
        (OwnAnswers([*LINKS, LINKS[4]]), "the receipt covers 5 entries, and the file has 6"),
        (OwnAnswers([*LINKS[:4], {**LINKS[4], "number": 9}]), "the numbers of the entries are not 0 to 4"),
        (OwnAnswers(LINKS, foreign_count=1), "1 of them cannot be read as entries of a chain"),
        (OwnAnswers([LINKS[0], CHANGED_ENTRY, *LINKS[2:]]), "entry 1 does not have the digest that follows from it"),
        (OwnAnswers([*LINKS[:4], {**LINKS[4], "chain": "00" * 32}]), "entry 4 does not have the digest"),
        (OwnAnswers(chained_judgments("Bo", 5)), "they give other digests than the receipt has"),
    ],
)
def test_a_genuine_receipt_with_other_answers_in_its_file_is_a_changed_file(
    own_answers: OwnAnswers, reason: str
) -> None:
    finding = judge_receipt(genuine(), LOCKED, LINKS, own_answers)
    assert (finding.case, finding.is_genuine, finding.agrees, finding.counts) == ("file changed", False, False, True)
    assert (finding.anchors_entries, finding.anchors_lock, finding.lock) == (False, False, None)
    assert finding.sentence.startswith(f"The answers in the file are not those that its receipt covers: {reason}")
    assert "The file was changed after it was downloaded" in finding.sentence
    assert finding.sentence.endswith("The receipt by itself agrees with the export.")


def test_a_changed_file_whose_receipt_differs_from_the_export_says_both() -> None:
    finding = judge_receipt(genuine(), LOCKED, chained_judgments("Bo", 5), OwnAnswers(LINKS[:4]))
    assert finding.case == "file changed"
    assert finding.sentence.endswith("The receipt by itself does not agree with the export.")


def test_a_receipt_with_its_own_answers_is_genuine_and_says_that_the_file_has_them() -> None:
    finding = judge_receipt(genuine(), LOCKED, LINKS, OwnAnswers(LINKS))
    assert (finding.case, finding.anchors_lock) == ("genuine", True)
    assert "5 entries of “Ada” that it covers, which are those in the file" in finding.sentence
    nothing = judge_receipt(genuine(COLLECTING, []), LOCKED, LINKS, OwnAnswers([]))
    assert nothing.case == "genuine"
    old_receipt = make_receipt_v1("Ada", COMMITMENT, LINKS[:3])
    assert judge_receipt(old_receipt, OLD_ROUND, LINKS, OwnAnswers(LINKS[:3])).case == "unsigned"
    assert judge_receipt(old_receipt, OLD_ROUND, LINKS, OwnAnswers(LINKS[:2])).case == "file changed"


def test_an_entry_changed_under_its_old_digest_is_found() -> None:
    changed: ChainLink = {**LINKS[1], "entry": judgment_v1("Ada", 1)}
    finding = finding_on(genuine(), LOCKED, [LINKS[0], changed, *LINKS[2:]])
    assert finding.case == "entries differ"


def test_entries_added_after_the_lock_are_found() -> None:
    finding = finding_on(genuine(), LOCKED, chained_judgments("Ada", 6))
    assert finding.case == "entries differ"
    assert "The export has 6 entries of “Ada”, but there were 5 at the lock" in finding.sentence


def test_another_lock_is_found() -> None:
    finding = finding_on(genuine(), replace(LOCKED, lock="20" * 32))
    assert (finding.case, finding.is_genuine) == ("lock differs", True)
    assert "the lock 101010101010…, but the export has the lock 202020202020…" in finding.sentence


def test_an_export_without_the_lock_that_the_receipt_names_is_found() -> None:
    finding = finding_on(genuine(), COLLECTING)
    assert finding.case == "lock differs"
    assert "the export is from before the lock" in finding.sentence


UNCOUNTED = " The receipt is not signed: anyone could have written it, so it is not counted."
UNSIGNED = " The receipt is not signed, so it cannot be told from a forged one."


def test_an_unsigned_receipt_of_version_0_1_agrees_and_proves_nothing() -> None:
    finding = judge_receipt(make_receipt_v1("Ada", COMMITMENT, LINKS[:3]), OLD_ROUND, LINKS)
    assert (finding.case, finding.agrees, finding.anchors_entries, finding.anchors_lock) == (
        "unsigned", True, False, False,
    )  # fmt: skip
    assert finding.sentence == f"The receipt agrees: the export has the 3 entries of “Ada” that it covers.{UNSIGNED}"


def test_a_receipt_without_a_signature_because_the_key_was_lost_proves_nothing() -> None:
    receipt = make_receipt(LOCKED, "Ada", LINKS, AT, None)
    finding = judge_receipt(receipt, LOCKED, LINKS)
    assert (finding.case, finding.is_genuine, finding.anchors_lock) == ("unsigned", False, False)
    assert (finding.counts, finding.sentence.endswith(UNCOUNTED)) == (False, True)


@pytest.mark.parametrize("receipt", [make_receipt(LOCKED, "Ada", LINKS, AT, None), make_receipt_v1("Ada", "00", LINKS)])
@pytest.mark.parametrize("links", [LINKS, LINKS[:2], [], chained_judgments("Bo", 5)])
def test_a_receipt_without_a_signature_is_not_counted_if_the_round_has_a_key(
    receipt: Receipt | ReceiptV1, links: list[ChainLink]
) -> None:
    """Anybody can write one, so it must not speak against an honest export."""
    finding = judge_receipt(receipt, LOCKED, links)
    assert (finding.counts, finding.is_genuine, finding.anchors_entries) == (False, False, False)
    assert "The receipt is not signed: anyone could have written it, so it is not counted." in finding.sentence
    not_made = "so it never made a receipt in the form of version 0.1"
    assert (not_made in finding.sentence) == isinstance(receipt, ReceiptV1)


def test_a_receipt_of_somebody_whom_the_export_does_not_know_says_so() -> None:
    for receipt in (genuine(), make_receipt_v1("Ada", COMMITMENT, LINKS)):
        finding = judge_receipt(receipt, LOCKED, [], is_enrolled=False)
        assert (finding.case, finding.counts) == ("entries missing", receipt == genuine())
        assert "but the export has no evaluator of this name" in finding.sentence
        assert ("They were removed" in finding.sentence) == finding.counts
    finding = judge_receipt(make_receipt_v1("Ada", COMMITMENT, []), LOCKED, [], is_enrolled=False)
    assert "the export has no evaluator “Ada”" in finding.sentence


def test_a_genuine_receipt_whose_signature_was_taken_off_proves_nothing() -> None:
    finding = finding_on(genuine().model_copy(update={"signature": None}))
    assert (finding.case, finding.anchors_entries, finding.anchors_lock) == ("unsigned", False, False)


@pytest.mark.parametrize(
    ("committed_round", "links", "case"),
    [
        (replace(OLD_ROUND, commitment="0a" * 32), LINKS, "other round"),
        (OLD_ROUND, LINKS[:2], "entries missing"),
        (OLD_ROUND, chained_judgments("Bo", 5), "entries differ"),
    ],
)
def test_an_unsigned_receipt_still_names_what_differs(
    committed_round: CommittedRound, links: list[ChainLink], case: ReceiptCase
) -> None:
    finding = judge_receipt(make_receipt_v1("Ada", COMMITMENT, LINKS), committed_round, links)
    assert (finding.case, finding.agrees, finding.is_genuine) == (case, False, False)
    assert finding.sentence.endswith(UNSIGNED)


def test_no_text_of_a_receipt_can_be_taken_for_the_answer_of_the_program() -> None:
    forged = "\x1b[2J\n\nAnchored, and all agree."
    for receipt in (
        make_receipt_v1(forged, COMMITMENT, LINKS),
        make_receipt_v1("Ada", forged, LINKS),
        genuine().model_copy(update={"signature": None, "lock": forged}),
        signed_again(genuine(), OTHER_KEY, commitment=forged, key=OTHER_KEY.public_key),
    ):
        finding = judge_receipt(receipt, LOCKED, [] if receipt.evaluator == forged else LINKS)
        assert finding.sentence.isprintable()
        assert "<U+001B>[2J<U+000A><U+000A>" in finding.sentence


def test_an_unsigned_receipt_of_nothing_agrees() -> None:
    assert judge_receipt(make_receipt_v1("Ada", COMMITMENT, []), OLD_ROUND, LINKS).agrees


def test_a_receipt_agrees_with_a_chain_that_went_on_since() -> None:
    assert finding_on(genuine(COLLECTING, LINKS[:3]), COLLECTING).case == "genuine"
    assert judge_receipt(make_receipt_v1("Ada", COMMITMENT, LINKS[:3]), OLD_ROUND, LINKS).agrees
