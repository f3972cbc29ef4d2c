"""The file that an evaluator took along is compared with an export."""

import json
from pathlib import Path

import pytest

from app.evidence.receipts import Receipt, make_receipt, make_receipt_v1, read_receipt
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject, JsonValue
from app.report.export.anchors import AnchorFinding, Anchors, compare_anchors
from app.report.export.exported_round import read_export
from app.report.export.receipt_file import committed_round, judge_receipt_file, read_receipt_file
from app.report.export.zip_file import read_zip
from tests.report.simulated_evidence import SIGNING_KEY
from tests.report.tampering import replace_file

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
    export = read_export(exported)
    receipt = make_receipt_v1("Birch", export.evidence.published.commitment, export.evidence.chains["Birch"][:7])
    assert compare_receipt(exported, write_file({"receipt": receipt.model_dump()}, tmp_path)).agrees
    changed = receipt.model_dump() | {field: "Nobody"}
    assert not compare_receipt(exported, write_file({"receipt": changed}, tmp_path)).agrees


def test_the_entry_that_differs_from_the_evaluator_s_file_is_named(
    exported: Path, own_file: JsonObject, tmp_path: Path
) -> None:
    links = json.loads(read_zip(exported)["chains.json"])
    link = next(link for link in links if link["evaluator"] == "Birch" and link["number"] == 3)
    link["chain"] = "00" * 32
    link["entry"]["verdict"] = "cannot_judge"
    path = replace_file(exported, "chains.json", json.dumps(links).encode(), tmp_path)
    finding = judge_receipt_file(read_receipt_file(write_file(own_file, tmp_path)), read_export(path))
    assert (finding.case, finding.is_genuine) == ("entries differ", True)
    assert "entry 3 is the first that differs from the evaluator's file" in finding.sentence


def test_a_receipt_is_read_from_the_file_that_an_evaluator_took_along(own_file: JsonObject, tmp_path: Path) -> None:
    receipt_file = read_receipt_file(write_file(own_file, tmp_path))
    assert isinstance(receipt_file.receipt, Receipt)
    assert isinstance(own_file["receipt"], dict)
    assert receipt_file.receipt == read_receipt(own_file["receipt"])
    assert sorted(receipt_file.own_chain) == list(range(receipt_file.receipt.entries))


def test_a_file_s_flags_without_a_chain_digest_are_no_entries(own_file: JsonObject, tmp_path: Path) -> None:
    """Version 0.1 wrote flags outside the chain."""
    flags: list[JsonValue] = [
        {"item": "i1", "kind": "fault"},
        {"number": 99, "chain": "ab" * 32},
        {"number": "98", "chain": "cd"},
    ]
    receipt_file = read_receipt_file(write_file({**own_file, "judgments": [], "flags": flags}, tmp_path))
    assert receipt_file.own_chain == {99: "ab" * 32}


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"receipt": {"evaluator": "Birch"}}', '{"receipt": null}', '{"receipt": {"v": 2}}',
        '{"receipt": {"v": 9, "evaluator": "Birch"}}', "\ud800",
    ],
)  # fmt: skip
def test_a_file_without_a_receipt_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.json"
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(ExportError, match="holds no receipt"):
        read_receipt_file(path)
