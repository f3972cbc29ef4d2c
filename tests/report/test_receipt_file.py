"""The file that an evaluator took along is compared with an export."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from app.evidence.own_answers import OwnAnswers
from app.evidence.receipts import Receipt, make_receipt, make_receipt_v1, read_receipt
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject, JsonValue
from app.report.export.anchors import AnchorFinding, Anchors, compare_anchors
from app.report.export.exported_round import read_export
from app.report.export.receipt_file import committed_round, judge_receipt_file, read_receipt_file
from app.report.export.zip_file import read_zip
from tests.report.simulated_evidence import SIGNING_KEY
from tests.report.tampering import replace_file

RELEASE = Path(__file__).parents[1] / "data" / "released" / "0.1.0"
AT = "2026-03-02T09:00:00.000000+00:00"


@pytest.fixture
def own_file(exported: Path) -> JsonObject:
    """What Birch took along after the lock."""
    export = read_export(exported)
    links = export.evidence.chains["Birch"]
    receipt = make_receipt(committed_round(export), "Birch", links, AT, SIGNING_KEY)
    judgments = [{**link["entry"], "chain": link["chain"]} for link in links]
    own_file: JsonObject = json.loads(json.dumps({"receipt": receipt.model_dump(), "judgments": judgments}))
    return own_file


def write_file(own_file: JsonObject, folder: Path) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(own_file), encoding="utf-8")
    return path


def compare_receipt(exported: Path, path: Path) -> AnchorFinding:
    (finding,) = compare_anchors(read_export(exported), Anchors(receipts=(path,)))
    return finding


def test_a_receipt_agrees_with_the_export(exported: Path, own_file: JsonObject, tmp_path: Path) -> None:
    finding = judge_receipt_file(read_receipt_file(write_file(own_file, tmp_path)), read_export(exported))
    assert (finding.case, finding.anchors_lock) == ("genuine", True)
    assert compare_receipt(exported, tmp_path / "mine.json").covers == ("commitment", "entries", "lock")


def test_what_the_export_says_of_receipts_agrees_with_its_chains(exported: Path, tmp_path: Path) -> None:
    for content in json.loads(read_zip(exported)["receipts.json"]):
        assert compare_receipt(exported, write_file({"receipt": content}, tmp_path)).agrees


@pytest.mark.parametrize(
    ("field", "forged"), [("head", "00"), ("digest", "00"), ("commitment", "00"), ("evaluator", "Nobody")]
)
def test_a_changed_receipt_is_found(
    exported: Path, own_file: JsonObject, tmp_path: Path, field: str, forged: str
) -> None:
    content = own_file["receipt"]
    assert isinstance(content, dict)
    finding = compare_receipt(exported, write_file({"receipt": content | {field: forged}}, tmp_path))
    assert (finding.agrees, finding.covers) == (False, ())
    assert finding.check().problem == (
        "mine.json: The signature does not fit the receipt: the receipt is forged, or it was changed."
    )


@pytest.mark.parametrize("field", ["head", "digest", "commitment", "evaluator"])
def test_a_changed_receipt_of_version_1_is_found(exported: Path, tmp_path: Path, field: str) -> None:
    """The round has a key, so nobody needs to believe it: it is noted, and the export does not differ for it."""
    export = read_export(exported)
    receipt = make_receipt_v1("Birch", export.evidence.published.commitment, export.evidence.chains["Birch"][:7])
    agreeing = judge_receipt_file(read_receipt_file(write_file({"receipt": receipt.model_dump()}, tmp_path)), export)
    assert (agreeing.agrees, agreeing.counts) == (True, False)
    changed = receipt.model_dump() | {field: "Nobody"}
    path = write_file({"receipt": changed}, tmp_path)
    finding = judge_receipt_file(read_receipt_file(path), export)
    assert (finding.agrees, finding.counts) == (False, False)
    compared = compare_receipt(exported, path)
    assert (compared.agrees, compared.covers) == (True, ())
    assert ("has no evaluator of this name" in compared.sentence) == (field == "evaluator")


@pytest.mark.parametrize("field", ["head", "digest", "commitment", "evaluator"])
def test_a_changed_receipt_of_a_round_without_a_key_differs(tmp_path: Path, field: str) -> None:
    """It is all that an evaluator of version 0.1 has."""
    own_file = json.loads((RELEASE / "receipts" / "unblinded-Ada.json").read_text("utf-8"))
    export = RELEASE / "exports" / "unblinded.zip"
    assert compare_receipt(export, write_file(own_file, tmp_path)).agrees
    own_file["receipt"][field] = "Nobody"
    assert not compare_receipt(export, write_file(own_file, tmp_path)).agrees


def test_the_entry_that_differs_from_the_evaluator_s_file_is_named(
    exported: Path, own_file: JsonObject, tmp_path: Path
) -> None:
    links = json.loads(read_zip(exported)["chains.json"])
    link = next(link for link in links if link["evaluator"] == "Birch" and link["number"] == 3)
    verdict, item = link["entry"]["verdict"].replace("_", " ").upper(), link["entry"]["item"]
    link["chain"] = "00" * 32
    link["entry"]["verdict"] = "cannot_judge"
    path = replace_file(exported, "chains.json", json.dumps(links).encode(), tmp_path)
    finding = judge_receipt_file(read_receipt_file(write_file(own_file, tmp_path)), read_export(path))
    assert (finding.case, finding.is_genuine) == ("entries differ", True)
    assert finding.sentence.endswith(f"The file says {verdict} on item {item} (entry 3); the export says CANNOT JUDGE.")


def test_a_receipt_is_read_from_the_file_that_an_evaluator_took_along(own_file: JsonObject, tmp_path: Path) -> None:
    receipt_file = read_receipt_file(write_file(own_file, tmp_path))
    assert isinstance(receipt_file.receipt, Receipt)
    assert isinstance(own_file["receipt"], dict)
    assert receipt_file.receipt == read_receipt(own_file["receipt"])
    assert receipt_file.own_answers is not None
    numbers = [link["number"] for link in receipt_file.own_answers.links]
    assert numbers == list(range(receipt_file.receipt.entries))


def test_a_receipt_alone_says_nothing_of_the_answers(own_file: JsonObject, tmp_path: Path) -> None:
    assert read_receipt_file(write_file({"receipt": own_file["receipt"]}, tmp_path)).own_answers is None


def test_a_file_s_flags_without_a_chain_digest_are_no_entries(own_file: JsonObject, tmp_path: Path) -> None:
    """Version 0.1 wrote flags outside the chain, and its receipts say nothing of them; others must be entries."""
    flags: list[JsonValue] = [
        {"item": "i1", "kind": "fault"},
        {"number": 99, "chain": "ab" * 32},
        {"number": "98", "chain": "cd"},
    ]
    content = {**own_file, "judgments": [], "flags": flags}
    assert read_receipt_file(write_file(content, tmp_path)).own_answers == OwnAnswers([], foreign_count=3)
    content["receipt"] = make_receipt_v1("Birch", None, []).model_dump()
    assert read_receipt_file(write_file(content, tmp_path)).own_answers == OwnAnswers([], foreign_count=2)


def change_verdict(own_file: JsonObject) -> None:
    judgments = own_file["judgments"]
    assert isinstance(judgments, list)
    assert isinstance(judgments[0], dict)
    judgments[0]["verdict"] = "cannot_judge"


@pytest.mark.parametrize(
    "change",
    [
        change_verdict,
        lambda own_file: own_file["judgments"].pop(),
        lambda own_file: own_file["judgments"].append(own_file["judgments"][0]),
        lambda own_file: own_file["judgments"].append({"note": "I said something else"}),
        lambda own_file: own_file["judgments"][2].update(comment="changed"),
        lambda own_file: own_file["judgments"][2].update(number=99),
        lambda own_file: own_file["judgments"][2].update(chain="00" * 32),
        lambda own_file: own_file["judgments"][2].update(extra=1),
        lambda own_file: own_file.update(judgments="none"),
        lambda own_file: own_file.update(judgments=[]),
        lambda own_file: own_file.update(flags=[{"item": "i1"}]),
    ],
    ids=[
        "a verdict",
        "an answer less",
        "an answer twice",
        "an answer of no form",
        "a comment",
        "a number",
        "a digest",
        "a field more",
        "no list",
        "no answers",
        "a flag more",
    ],
)
def test_a_file_whose_answers_were_changed_beside_a_genuine_receipt_differs(
    exported: Path, own_file: JsonObject, tmp_path: Path, change: Callable[[JsonObject], None]
) -> None:
    change(own_file)
    path = write_file(own_file, tmp_path)
    finding = judge_receipt_file(read_receipt_file(path), read_export(exported))
    assert (finding.case, finding.is_genuine, finding.agrees) == ("file changed", False, False)
    compared = compare_receipt(exported, path)
    assert (compared.agrees, compared.covers) == (False, ())
    assert "The file was changed after it was downloaded" in compared.sentence
    assert ("The file says CANNOT JUDGE on item" in compared.sentence) == (change is change_verdict)


@pytest.mark.parametrize("depth", [100, 300, 900, 3_000, 100_000])
def test_a_file_that_is_nested_too_deeply_is_refused_with_a_sentence(
    own_file: JsonObject, tmp_path: Path, depth: int
) -> None:
    nested = "[" * depth + "]" * depth
    path = tmp_path / "mine.json"
    path.write_text(f'{{"receipt": {nested}}}', "utf-8")
    with pytest.raises(ExportError, match="holds no receipt"):
        read_receipt_file(path)
    receipt = json.dumps(own_file["receipt"])
    path.write_text(f'{{"receipt": {receipt}, "judgments": [{{"number": 0, "comment": {nested}}}]}}', "utf-8")
    with suppress(ExportError):
        own_answers = read_receipt_file(path).own_answers
        assert own_answers == OwnAnswers([], foreign_count=1)


def test_a_file_that_is_too_large_is_refused_with_a_sentence(
    own_file: JsonObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_file(own_file, tmp_path)
    monkeypatch.setattr("app.report.export.receipt_file.LARGEST_FILE", path.stat().st_size)
    assert read_receipt_file(path)
    monkeypatch.setattr("app.report.export.receipt_file.LARGEST_FILE", path.stat().st_size - 1)
    with pytest.raises(ExportError, match="holds no receipt"):
        read_receipt_file(path)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"receipt": {"evaluator": "Birch"}}', '{"receipt": null}', '{"receipt": {"v": 2}}',
        '{"receipt": {"v": 9, "evaluator": "Birch"}}', "\ud800",
        '{"receipt": {"commitment": "\\ud800", "evaluator": "A", "judgments": 0, "head": "absent", "digest": "00"}}',
        '{"receipt": {"commitment": "00", "evaluator": "\\udfff", "judgments": 0, "head": "absent", "digest": "00"}}',
        '{"receipt": null, "receipt": {"commitment": "0", "evaluator": "A", "judgments": 0, "head": "", "digest": ""}}',
    ],
)  # fmt: skip
def test_a_file_without_a_receipt_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ExportError, match="holds no receipt"):
        read_receipt_file(path)
