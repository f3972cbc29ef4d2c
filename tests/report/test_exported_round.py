"""Reading an export: word for word, and with a sentence about a file that has another form."""

import json
from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject
from app.report.export.bundle import UnblindedBundle, blinded_zip
from app.report.export.exported_round import read_export
from app.report.export.program_versions import installed_versions
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip, zip_files
from tests.report.simulated_evidence import blinded_bundle_of
from tests.report.tampering import replace_file, replace_files, verify_without_figures


def test_an_export_is_read_back_unchanged(exported: Path, bundle: UnblindedBundle) -> None:
    export = read_export(exported)
    evidence = export.unblinded
    assert evidence is not None
    assert evidence.design == bundle.evidence.design
    assert evidence.design_content == bundle.evidence.design_content
    assert evidence.published == bundle.evidence.published
    assert evidence.item_contents == bundle.evidence.item_contents
    assert evidence.chains == bundle.evidence.chains
    assert evidence.log == bundle.evidence.log
    assert evidence.seal == bundle.evidence.seal
    assert (export.version, export.versions, export.public_design) == (2, installed_versions(), None)


def test_a_blinded_export_is_read_back_without_design_and_seal(bundle: UnblindedBundle, tmp_path: Path) -> None:
    blinded = blinded_bundle_of(bundle.evidence, locked=True)
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded))
    export = read_export(path)
    assert export.unblinded is None
    assert export.public_design == blinded.public_design
    assert export.evidence.chains == bundle.evidence.chains


def test_the_last_event_of_a_kind_is_found(exported: Path) -> None:
    evidence = read_export(exported).evidence
    locked = evidence.last_event("locked")
    assert locked["number"] == len(evidence.log) - 3
    assert evidence.lock_digest == evidence.log[locked["number"]]["chain"]
    assert evidence.find_event("abandoned") is None


def test_files_of_another_form_are_refused_with_a_sentence(tmp_path: Path) -> None:
    names = ("design.json", "items.json", "chains.json", "events.json", "commitment.json")
    odd = tmp_path / "odd.zip"
    odd.write_bytes(zip_files(dict.fromkeys(names, b"[]")))
    with pytest.raises(ExportError, match="another form"):
        verify_export(odd)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("chains.json", "entry"),
        ("events.json", "event"),
        ("items.json", None),
        ("chains.json", None),
        ("events.json", None),
    ],
)
def test_an_entry_with_a_key_that_was_added_is_refused(
    exported: Path, tmp_path: Path, name: str, key: str | None
) -> None:
    entries = json.loads(read_zip(exported)[name])
    (entries[0] if key is None else entries[0][key])["added"] = 1
    path = replace_file(exported, name, json.dumps(entries).encode(), tmp_path)
    with pytest.raises(ExportError, match=r"another form .*added"):
        read_export(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("commitment.json", {"added": 1}),
        ("commitment.json", {"v": 3}),
        ("commitment.json", {"commitment": "00"}),
        ("commitment.json", {"receipt_key": None, "items": [["x"]]}),
        ("program.json", {"added": 1}),
        ("program.json", {"libraries": []}),
        ("allocation.json", {"added": 1}),
        ("allocation.json", {"nonce": "not hexadecimal"}),
        ("allocation.json", {"seed": 1}),
    ],
)
def test_an_object_of_another_form_is_refused_by_its_file(
    exported: Path, tmp_path: Path, name: str, change: JsonObject
) -> None:
    content = json.loads(read_zip(exported)[name]) | change
    path = replace_file(exported, name, json.dumps(content).encode(), tmp_path)
    with pytest.raises(ExportError, match=rf"{name} in the export has another form") as error:
        read_export(path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("chains.json", b"[{", "not JSON"),
        ("chains.json", b"\xff\xfe", "not UTF-8"),
        ("chains.json", b"[" * 100_000, "nested too deeply"),
        ("events.json", b"[]", "is empty"),
        ("design.json", b'{"a": 1, "a": 2}', "key “a” twice"),
        ("design.json", b'{"a": NaN}', "NaN"),
        ("design.json", b'{"a": -Infinity}', "-Infinity"),
        ("design.json", b'{"a": 1e999}', "too large a number"),
        ("design.json", b'{"a": 9007199254740993}', "too large a whole number"),
        ("design.json", b'{"a": ' + b"9" * 10_000 + b"}", "too large a whole number"),
        ("design.json", b'{"a": "\\ud800"}', "not JSON"),
    ],
)  # fmt: skip
def test_json_that_programs_read_differently_is_refused_with_one_sentence(
    exported: Path, tmp_path: Path, name: str, content: bytes, problem: str
) -> None:
    with pytest.raises(ExportError, match=problem) as error:
        verify_export(replace_file(exported, name, content, tmp_path))
    assert name in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("name", ["items.json", "events.json", "design.json", "program.json", "chains.json"])
def test_a_file_of_the_evidence_that_is_missing_is_named(exported: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match=rf"the export has no {name}"):
        verify_export(replace_files(exported, {name: None}, tmp_path))


def test_a_line_that_is_no_observation_is_named_by_its_number(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    text = "".join([*lines[:2], lines[2].replace("Ash", "Ash,", 1), *lines[3:]])
    path = replace_file(exported, "observations.csv", text.encode(), tmp_path)
    assert any(
        "observations.csv has" in text and "at row 3" in text for text in verify_without_figures(path).differences
    )


def test_a_table_with_other_columns_is_found(exported: Path, tmp_path: Path) -> None:
    path = replace_file(exported, "observations.csv", b"evaluator,item\n", tmp_path)
    sentences = verify_without_figures(path).differences
    assert any("observations.csv has evaluator, item at columns" in sentence for sentence in sentences)


def test_a_view_that_cannot_be_read_is_a_difference(exported: Path, tmp_path: Path) -> None:
    changes: dict[str, bytes | None] = {"frame.json": b"{", "neurons.csv": b"\xff"}
    verification = verify_without_figures(replace_files(exported, changes, tmp_path))
    sentences = " ".join(verification.differences)
    assert "frame.json has a file that cannot be read" in sentences
    assert "neurons.csv has a file that cannot be read" in sentences


@pytest.mark.parametrize("change", [{"items": []}, {"cells": []}])
def test_evidence_that_no_round_can_have_is_a_difference_and_no_crash(
    exported: Path, tmp_path: Path, change: JsonObject
) -> None:
    content = json.loads(read_zip(exported)["allocation.json"])
    content["allocation"] |= change
    path = replace_file(exported, "allocation.json", json.dumps(content).encode(), tmp_path)
    verification = verify_without_figures(path)
    assert "The allocation, the seed or the nonce was changed after the commitment." in verification.differences
    assert verification.statement.exit_status == 1


def test_a_log_without_a_lock_is_a_difference_and_no_crash(exported: Path, tmp_path: Path) -> None:
    events = json.loads(read_zip(exported)["events.json"])
    kept = [link for link in events if link["event"]["action"] != "locked"]
    path = replace_file(exported, "events.json", json.dumps(kept).encode(), tmp_path)
    verification = verify_without_figures(path)
    assert any("The log has no entry “locked”" in sentence for sentence in verification.differences)
