"""What a verifier gives from outside, and what the verification says it proves."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.evidence.receipts import Receipt, make_receipt, make_receipt_v1
from app.evidence.signing import SigningKey, sign_event
from app.evidence.timestamp_encoding import encode_query
from app.foundation.errors import ExportError, FirstGlanceError
from app.foundation.json_types import JsonObject
from app.report.export.anchors import Anchors, compare_anchors
from app.report.export.bundle import UnblindedBundle, blinded_zip, unblinded_zip
from app.report.export.exported_round import ExportedRound, read_export
from app.report.export.receipt_file import committed_round
from app.report.export.statement import Findings, make_statement
from app.report.export.verify import Verification
from tests.conftest import without_figures
from tests.evidence.stamping_authority import Certified, StampingAuthority, certify
from tests.report.simulated_evidence import LOCK, SIGNING_KEY, START, blinded_bundle_of, relinked
from tests.report.tampering import replace_files, verify_without_figures

AT = "2026-03-02T09:30:00.000000+00:00"
SOON = timedelta(minutes=30)
OTHER = "ab" * 32


def outcome(verification: Verification) -> tuple[str, int]:
    return verification.statement.conclusion, verification.statement.exit_status


def said(verification: Verification) -> str:
    return " ".join(verification.statement.sentences)


def test_without_an_anchor_an_export_is_consistent_and_not_anchored(exported: Path) -> None:
    verification = verify_without_figures(exported)
    assert outcome(verification) == ("not anchored", 3)
    assert said(verification).startswith("Consistent, not anchored")
    assert "all agree" not in said(verification)
    assert "--commitment, --lock, --receipt or --timestamp" in said(verification)


def test_with_the_lock_s_digest_all_agree_and_later_entries_are_named(exported: Path, bundle: UnblindedBundle) -> None:
    verification = verify_without_figures(exported, Anchors(lock=bundle.evidence.lock_digest))
    assert outcome(verification) == ("anchored", 0)
    assert said(verification).startswith("Anchored, and all agree.")
    assert (
        "After the lock the log has 2 entries (key read, unblinded), which decide no number. The round's key signed "
        "them, so only its owner could have changed them: --result would show it."
    ) in said(verification)


def test_with_the_result_s_digest_the_whole_log_is_anchored(exported: Path, bundle: UnblindedBundle) -> None:
    verification = verify_without_figures(exported, Anchors(result=bundle.evidence.result_digest))
    assert outcome(verification) == ("anchored", 0)
    assert "After the lock" not in said(verification)
    verification = verify_without_figures(exported, Anchors(result=OTHER))
    assert outcome(verification) == ("differs", 1)
    assert "has the result's digest" in " ".join(verification.differences)


def corrected_export(bundle: UnblindedBundle, folder: Path, corrections: int) -> Path:
    """The export of a round whose result was corrected so many times."""
    log = [*bundle.evidence.log]
    for number in range(corrections):
        event = deepcopy(log[-1]["event"])
        event["action"], event["number"] = "corrected", len(log)
        event["detail"] = {**event["detail"], "version": number + 2, "reason": "a newer version of the program"}
        event["detail"]["signature"] = sign_event(SIGNING_KEY, log[-1]["chain"], event)
        log = relinked([*log, {"number": len(log), "event": event, "chain": ""}])
    evidence = replace(bundle.evidence, log=log)
    path = folder / f"corrected-{corrections}.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(replace(bundle, evidence=evidence), SIGNING_KEY))
    return path


@pytest.mark.parametrize(("corrections", "words"), [(1, "1 correction came"), (2, "2 corrections came")])
def test_the_digest_that_was_published_at_the_unblinding_confirms_the_log_until_then_after_a_correction(
    bundle: UnblindedBundle, tmp_path: Path, corrections: int, words: str
) -> None:
    path = corrected_export(bundle, tmp_path, corrections)
    verification = verify_without_figures(path, Anchors(result=bundle.evidence.result_digest))
    assert verification.differences == []
    (finding,) = verification.anchor_findings
    assert (finding.agrees, finding.covers) == (True, ("commitment", "lock"))
    assert "an earlier result, of the unblinding on 2026-03-02. It confirms the log until then; " in finding.sentence
    assert words in finding.sentence
    count = "1 entry (corrected)" if corrections == 1 else "2 entries (corrected, corrected)"
    decide = "decides" if corrections == 1 else "decide"
    assert f"After the result whose digest you gave the log has {count}, which {decide} no number." in said(
        verification
    )
    assert outcome(verification) == ("anchored", 0)
    assert outcome(verify_without_figures(path, Anchors(result=OTHER))) == ("differs", 1)


def test_the_commitment_anchors_a_part_and_what_is_not_anchored_is_named(
    exported: Path, bundle: UnblindedBundle
) -> None:
    anchors = Anchors(commitment=bundle.evidence.published.commitment)
    verification = verify_without_figures(exported, anchors)
    assert outcome(verification) == ("anchored in part", 3)
    assert "anchored in part: the commitment, so design, items, allocation and seed." in said(verification)
    assert "Nothing outside the export confirms judgments, flags, erasures and the log" in said(verification)


@pytest.mark.parametrize("anchors", [Anchors(commitment=OTHER), Anchors(lock=OTHER)])
def test_another_digest_than_the_published_one_differs_and_both_are_named(exported: Path, anchors: Anchors) -> None:
    verification = verify_without_figures(exported, anchors)
    assert outcome(verification) == ("differs", 1)
    (sentence,) = verification.differences
    assert f"not {OTHER[:12]}… as you gave it." in sentence


def with_two_announcements(export: ExportedRound, halves: tuple[str, str]) -> ExportedRound:
    """An export whose draw was begun after the second of two announcements, whose digests are 1 and 2."""
    log = [deepcopy(link) for link in export.evidence.log]
    draw: JsonObject = {"number": 1, "seed_rule": "public", "half_sha256": halves[1] * 32}
    draw |= {"public_name": "beacon 7,\u200b 6 digits", "public_value": "116670"}
    for action in ("seal begun", "sealed"):
        event = next(link for link in log if link["event"]["action"] == action)["event"]
        event["detail"] = draw if action == "seal begun" else {**event["detail"], "draw": draw}
    for number, half in enumerate(halves):
        link = deepcopy(log[0])
        link["event"]["action"] = "draw announced"
        link["event"]["detail"] = {"half_sha256": half * 32, "public_name": "beacon 7,\u200b 6 digits"}
        link["chain"] = f"{number + 1:064x}"
        log.insert(number + 1, link)
    return replace(export, evidence=replace(export.evidence, log=log))


@pytest.mark.parametrize("halves", [("aa", "bb"), ("bb", "bb")], ids=["another half", "the same half once more"])
def test_a_published_announcement_covers_the_draw_only_if_it_is_that_of_the_sealed_draw(
    exported: Path, halves: tuple[str, str]
) -> None:
    """The log has two announcements, and the draw was begun after the second: whatever it repeats of the first."""
    forged = with_two_announcements(read_export(exported), halves)
    findings = [compare_anchors(forged, Anchors(announcement=f"{number:064x}"))[0] for number in (1, 2, 3)]
    assert [(finding.agrees, finding.covers) for finding in findings] == [(False, ()), (True, ("draw",)), (False, ())]
    assert "the sealed draw is from another one" in findings[0].sentence
    assert "which fixed the design with its archives" in findings[1].sentence
    assert "has no announcement of a draw with the digest 000000000000…" in findings[2].sentence


def test_a_published_announcement_names_the_public_value_that_the_reader_has_to_look_up(
    exported: Path,
) -> None:
    """Whoever has the server's half can try values and call one of them the beacon's."""
    forged = with_two_announcements(read_export(exported), ("aa", "bb"))
    (finding,) = compare_anchors(forged, Anchors(announcement=f"{2:064x}"))
    assert finding.sentence.endswith(
        "Look the public value up where it was published, under its name “beacon 7,<U+200B> 6 digits”: the round has "
        "“116670”, and nothing in the export shows that this is the value that came out."
    )


def test_an_announcement_beside_a_seal_of_another_form_differs(exported: Path) -> None:
    forged = with_two_announcements(read_export(exported), ("aa", "bb"))
    sealed_event = next(link["event"] for link in forged.evidence.log if link["event"]["action"] == "sealed")
    del sealed_event["detail"]["commitment"]
    (finding,) = compare_anchors(forged, Anchors(announcement=f"{2:064x}"))
    assert (finding.agrees, finding.covers) == (False, ())
    assert "cannot be compared with the sealed draw: The log's entry about “sealed”" in finding.sentence


def test_an_export_without_a_signature_is_anchored_in_part(
    exported: Path, bundle: UnblindedBundle, tmp_path: Path
) -> None:
    """Anybody can leave the signature out and then change what comes after the lock."""
    path = replace_files(exported, {}, tmp_path, signing_key=None)
    verification = verify_without_figures(path, Anchors(lock=bundle.evidence.lock_digest))
    assert verification.differences == []
    assert outcome(verification) == ("anchored in part", 3)
    assert "this key did not sign the export" in said(verification)
    unanchored = verify_without_figures(path)
    assert outcome(unanchored) == ("not anchored", 3)
    assert "this key did not sign the export" in said(unanchored)


@pytest.mark.parametrize(
    "signature", [b"{}", b"[", b'{"v": 2, "key": "00", "digests_sha256": "00", "signature": "00"}']
)
def test_a_forged_signature_differs(exported: Path, tmp_path: Path, signature: bytes) -> None:
    path = replace_files(exported, {"signature.json": signature}, tmp_path, signing_key=None)
    verification = verify_without_figures(path)
    assert "signature.json" in [check.name for check in verification.checks if not check.ok]


def test_another_key_s_signature_differs(exported: Path, tmp_path: Path) -> None:
    path = replace_files(exported, {}, tmp_path, signing_key=SigningKey.from_text("6f" * 32))
    verification = verify_without_figures(path)
    assert verification.differences == ["The export is signed by another key than the one that its commitment names."]


def receipt_of(exported: Path, *, after_lock: bool, key: SigningKey | None = SIGNING_KEY) -> Receipt:
    """Birch's receipt, from after seven entries or from after the lock."""
    export = read_export(exported)
    links = export.evidence.chains["Birch"]
    known = committed_round(export)
    if not after_lock:
        known, links = replace(known, lock=None), links[:7]
    receipt = make_receipt(known, "Birch", links, AT, key)
    assert isinstance(receipt, Receipt)
    return receipt


def write_receipt(content: object, folder: Path, name: str = "birch.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"receipt": content}), encoding="utf-8")
    return path


def test_a_genuine_receipt_from_after_the_lock_anchors_everything(exported: Path, tmp_path: Path) -> None:
    receipt = write_receipt(receipt_of(exported, after_lock=True).model_dump(), tmp_path)
    verification = verify_without_figures(exported, Anchors(receipts=(receipt,)))
    assert outcome(verification) == ("anchored", 0)


def test_a_genuine_receipt_from_before_the_lock_anchors_its_entries_and_the_commitment(
    exported: Path, tmp_path: Path
) -> None:
    receipt = write_receipt(receipt_of(exported, after_lock=False).model_dump(), tmp_path)
    verification = verify_without_figures(exported, Anchors(receipts=(receipt,)))
    assert outcome(verification) == ("anchored in part", 3)
    assert "the entries that the receipts cover" in said(verification)


def test_an_unsigned_receipt_anchors_nothing(exported: Path, tmp_path: Path) -> None:
    unsigned = receipt_of(exported, after_lock=True, key=None).model_dump()
    evidence = read_export(exported).evidence
    old = make_receipt_v1("Ash", evidence.published.commitment, evidence.chains["Ash"]).model_dump()
    receipts = (write_receipt(unsigned, tmp_path), write_receipt(old, tmp_path, "ash.json"))
    verification = verify_without_figures(exported, Anchors(receipts=receipts))
    assert outcome(verification) == ("not anchored", 3)
    assert all(
        "anyone could have written it, so it is not counted" in finding.sentence
        for finding in verification.anchor_findings
    )


def without_birch(exported: Path, erased_count: int) -> ExportedRound:
    """The export as it would be if Birch had not judged, and evaluators whom the log does not name had been erased."""
    export = read_export(exported)
    log = [deepcopy(link) for link in export.evidence.log]
    lock = next(index for index, link in enumerate(log) if link["event"]["action"] == "locked")
    enrolments = log[lock]["event"]["detail"]["evaluators"]
    assert isinstance(enrolments, dict)
    del enrolments["Birch"]
    log = [link for link in log if link["event"]["detail"].get("evaluator") != "Birch"]
    for number in range(erased_count):
        erased = deepcopy(log[0])
        erased["event"]["action"], erased["event"]["detail"] = "erased", {"evaluator": f"id{number}"}
        log.insert(1, erased)
    chains = {name: links for name, links in export.evidence.chains.items() if name != "Birch"}
    return replace(export, evidence=replace(export.evidence, log=log, chains=chains))


def test_a_receipt_of_somebody_who_may_have_been_erased_is_no_difference_and_leaves_the_round_anchored_in_part(
    exported: Path, bundle: UnblindedBundle, tmp_path: Path
) -> None:
    receipt = write_receipt(receipt_of(exported, after_lock=False).model_dump(), tmp_path)
    anchors = Anchors(receipts=(receipt, receipt), lock=bundle.evidence.lock_digest)
    export = without_birch(exported, 1)
    lock, *findings = compare_anchors(export, anchors)
    assert [(finding.agrees, finding.covers, finding.is_undecided) for finding in findings] == [
        (True, ("commitment",), True)
    ] * 2
    statement = make_statement(Findings(export.evidence, 2, (), (), (lock, *findings), "signed"))
    assert (statement.conclusion, statement.exit_status) == ("anchored in part", 3)
    assert "Only its evaluator can say whether they had them deleted" in " ".join(statement.sentences)
    (finding,) = compare_anchors(without_birch(exported, 0), Anchors(receipts=(receipt,)))
    assert not finding.agrees
    assert "They were removed: the log does not say" in finding.sentence


def test_more_receipts_of_missing_evaluators_than_were_erased_differ(exported: Path, tmp_path: Path) -> None:
    export = without_birch(exported, 1)
    stranger = make_receipt(replace(committed_round(export), lock=None), "Elm", [], AT, SIGNING_KEY)
    assert isinstance(stranger, Receipt)
    stranger = stranger.model_copy(update={"entries": 1})
    stranger = stranger.model_copy(update={"signature": SIGNING_KEY.sign(stranger.model_dump())})
    birch = receipt_of(exported, after_lock=False)
    receipts = (write_receipt(birch.model_dump(), tmp_path), write_receipt(stranger.model_dump(), tmp_path, "elm.json"))
    findings = compare_anchors(export, Anchors(receipts=receipts))
    assert [finding.agrees for finding in findings] == [False, False]
    assert "receipts of 2 evaluators whose entries are missing, and the log has 1" in findings[0].sentence


def test_a_name_that_was_given_again_after_an_erasure_is_no_difference(exported: Path, tmp_path: Path) -> None:
    """The second Ash has another chain than the first, who was erased and keeps a receipt."""
    export = without_birch(exported, 1)
    known = replace(committed_round(export), lock=None)
    first = make_receipt(known, "Ash", read_export(exported).evidence.chains["Birch"][:2], AT, SIGNING_KEY)
    path = write_receipt(first.model_dump(), tmp_path)
    (finding,) = compare_anchors(export, Anchors(receipts=(path,)))
    assert (finding.agrees, "differs from the receipt" in finding.sentence) == (False, True)
    invited = deepcopy(export.evidence.log[0])
    invited["event"]["action"], invited["event"]["detail"] = "invited", {"evaluator": "Ash"}
    log = [export.evidence.log[0], invited, deepcopy(invited), *export.evidence.log[1:]]
    (finding,) = compare_anchors(replace(export, evidence=replace(export.evidence, log=log)), Anchors(receipts=(path,)))
    assert (finding.agrees, finding.is_undecided) == (True, True)


def test_a_genuine_receipt_confirms_the_commitment_of_an_export_from_before_the_lock(
    exported: Path, bundle: UnblindedBundle, tmp_path: Path
) -> None:
    path = tmp_path / "open.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=False), SIGNING_KEY))
    receipt = write_receipt(receipt_of(exported, after_lock=False).model_dump(), tmp_path)
    verification = verify_without_figures(path, Anchors(receipts=(receipt,)))
    assert verification.differences == []
    assert outcome(verification) == ("anchored in part", 3)
    assert "anchored in part: the commitment" in said(verification)


def test_every_receipt_is_compared_and_a_forged_one_is_named(exported: Path, tmp_path: Path) -> None:
    genuine = receipt_of(exported, after_lock=True)
    receipts = (
        write_receipt(genuine.model_dump(), tmp_path),
        write_receipt(genuine.model_copy(update={"head": OTHER}).model_dump(), tmp_path, "forged.json"),
    )
    verification = verify_without_figures(exported, Anchors(receipts=receipts))
    assert outcome(verification) == ("differs", 1)
    (sentence,) = verification.differences
    assert sentence.startswith("forged.json: The signature does not fit the receipt")


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify("Root", is_authority=True, start=START - timedelta(days=9))


@pytest.fixture(scope="module")
def authority(root: Certified, tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    signer = certify("Authority", root, start=START - timedelta(days=9))
    return StampingAuthority(tmp_path_factory.mktemp("authority"), signer)


@pytest.fixture(scope="module")
def stamped(authority: StampingAuthority, bundle: UnblindedBundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export with a stamp of the commitment from before the opening, and one of the lock from after it."""
    evidence = bundle.evidence
    moments = {
        "commitment": (evidence.published.commitment, START - SOON),
        "lock": (str(evidence.lock_digest), LOCK + SOON),
    }
    stamps = {
        f"timestamps/{of}-1.tsr": authority.forged_reply(authority.reply(encode_query(digest, 1)), moment)
        for of, (digest, moment) in moments.items()
    }
    path = tmp_path_factory.mktemp("stamped") / "stamped.zip"
    with without_figures():
        path.write_bytes(unblinded_zip(replace(bundle, stamp_files=stamps), SIGNING_KEY))
    return path


def write_roots(root: Certified, folder: Path) -> Path:
    path = folder / "roots.pem"
    path.write_bytes(root.pem)
    return path


def test_time_stamps_say_when_something_existed_and_do_not_anchor_it(
    stamped: Path, root: Certified, tmp_path: Path
) -> None:
    """They lie in the export: whoever rewrites a round has the new one stamped, too."""
    verification = verify_without_figures(stamped, Anchors(roots=write_roots(root, tmp_path)))
    assert verification.differences == []
    assert outcome(verification) == ("anchored in part", 3)
    assert "another version of the round could have been stamped as well" in said(verification)
    assert [finding.sentence for finding in verification.anchor_findings] == [
        "timestamps/commitment-1.tsr: the commitment existed on 2026-03-01 08:30:00 UTC.",
        "timestamps/lock-1.tsr: the lock existed on 2026-03-02 09:30:00 UTC.",
    ]


def test_time_stamps_that_nobody_checked_anchor_nothing_and_it_says_how_to_check_them(stamped: Path) -> None:
    verification = verify_without_figures(stamped)
    assert outcome(verification) == ("not anchored", 3)
    (finding,) = verification.anchor_findings
    assert finding.sentence == "The export has 2 time stamps. Give --timestamp ROOTS.pem to check them."


def test_an_authority_that_the_verifier_does_not_trust_differs(stamped: Path, tmp_path: Path) -> None:
    stranger = write_roots(certify("Stranger", is_authority=True), tmp_path)
    verification = verify_without_figures(stamped, Anchors(roots=stranger))
    assert outcome(verification) == ("differs", 1)
    assert len(verification.differences) == 2


def test_a_time_stamp_of_another_lock_differs(
    stamped: Path, authority: StampingAuthority, root: Certified, tmp_path: Path
) -> None:
    token = authority.forged_reply(authority.reply(encode_query(OTHER, 1)), LOCK + SOON)
    path = replace_files(stamped, {"timestamps/lock-1.tsr": token}, tmp_path)
    verification = verify_without_figures(path, Anchors(roots=write_roots(root, tmp_path)))
    assert any("is for another digest" in sentence for sentence in verification.differences)


def test_a_time_stamp_from_after_the_unblinding_differs(
    stamped: Path, authority: StampingAuthority, bundle: UnblindedBundle, root: Certified, tmp_path: Path
) -> None:
    """Whoever rewrites a round after its result was known can only get a later stamp."""
    digest = str(bundle.evidence.lock_digest)
    token = authority.reply(encode_query(digest, 1))
    path = replace_files(stamped, {"timestamps/lock-1.tsr": token}, tmp_path)
    verification = verify_without_figures(path, Anchors(roots=write_roots(root, tmp_path)))
    assert any("is after the unblinding" in sentence for sentence in verification.differences)


def test_an_export_without_time_stamps_is_not_anchored_by_roots(
    exported: Path, root: Certified, tmp_path: Path
) -> None:
    verification = verify_without_figures(exported, Anchors(roots=write_roots(root, tmp_path)))
    assert outcome(verification) == ("not anchored", 3)
    assert [finding.sentence for finding in verification.anchor_findings] == [
        "The export has no time stamp to compare."
    ]


def test_files_that_cannot_be_read_are_named(exported: Path, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    for anchors in (Anchors(roots=nothing), Anchors(receipts=(nothing,)), Anchors(archive_folder=nothing)):
        with pytest.raises(ExportError):
            verify_without_figures(exported, anchors)
    nothing.write_bytes(b"no certificate")
    with pytest.raises(FirstGlanceError, match="no certificate"):
        verify_without_figures(exported, Anchors(roots=nothing))


@pytest.mark.parametrize("locked", [True, False])
def test_a_blinded_export_names_what_can_be_checked_only_after_the_unblinding(
    bundle: UnblindedBundle, tmp_path: Path, locked: bool
) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=locked), SIGNING_KEY))
    lock = bundle.evidence.lock_digest if locked else None
    verification = verify_without_figures(path, Anchors(commitment=bundle.evidence.published.commitment, lock=lock))
    assert verification.differences == []
    assert outcome(verification) == ("anchored in part", 3)
    unchecked = [(file.name, "until the unblinding" in file.reason) for file in verification.unchecked]
    assert unchecked == ([("items.json", True)] if locked else [])


def test_a_forged_public_design_is_found_even_if_the_export_is_signed_again(
    bundle: UnblindedBundle, tmp_path: Path
) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=False), SIGNING_KEY))
    forged = read_export(path).files["public_design.json"].replace(b'"needed": 16', b'"needed": 1')
    verification = verify_without_figures(replace_files(path, {"public_design.json": forged}, tmp_path))
    assert "public_design.json does not have the digest that the log has since the seal." in verification.differences


@pytest.mark.parametrize("name", ["public_design.json", "items.json", "items.csv", "events.csv", "README.md"])
def test_a_file_of_a_blinded_export_that_somebody_without_the_key_changed_is_found(
    bundle: UnblindedBundle, tmp_path: Path, name: str
) -> None:
    """Its digest in digests.json is not the one that the round's key signed."""
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=True), SIGNING_KEY))
    export = read_export(path)
    changed = export.files[name].replace(b"A round", b"B round").replace(b"Ada", b"Eve").replace(b" the", b" The")
    changed = changed.replace(b",6,2", b",6,3")
    changes: dict[str, bytes | None] = {name: changed, "signature.json": export.files["signature.json"]}
    verification = verify_without_figures(replace_files(path, changes, tmp_path, signing_key=None))
    assert "digests.json was changed after the key of the round signed it." in verification.differences
