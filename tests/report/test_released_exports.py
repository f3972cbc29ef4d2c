"""Exports of version 0.1: what can be checked is checked, and what was bound to nothing then is named."""

import json
from pathlib import Path

import pytest

from app.foundation.csv_table import read_records
from app.report.export.anchors import Anchors
from app.report.export.exported_round import read_export
from app.report.export.verify import Verification, verify_export
from app.report.export.zip_file import pack_files, read_zip
from tests.report.tampering import replace_file, replace_files

EXPORTS = Path(__file__).parents[1] / "data" / "released" / "0.1.0" / "exports"
UNBLINDED = EXPORTS / "unblinded.zip"
STATEMENT = "Consistent under version 0.1; flags, erasures and frame were not bound then."


def failed_checks(verification: Verification) -> list[str]:
    return [check.name for check in verification.checks if not check.ok]


@pytest.mark.parametrize("name", ["unblinded", "locked-blinded", "collecting-blinded"])
def test_an_export_of_version_0_1_is_called_consistent_under_that_version(name: str) -> None:
    verification = verify_export(EXPORTS / f"{name}.zip")
    assert verification.differences == []
    assert (verification.statement.conclusion, verification.statement.exit_status) == ("version 0.1", 3)
    assert verification.statement.sentences[0] == STATEMENT


def test_numbers_tables_and_chains_are_made_again_and_words_are_listed_with_both_versions() -> None:
    verification = verify_export(UNBLINDED)
    files = read_zip(UNBLINDED)
    unchecked = {unchecked.name for unchecked in verification.unchecked}
    words = {"report.md", "report.pdf", "methods.json", "CITATION.cff", "README.md", "datapackage.json", "verify.py"}
    assert unchecked == words | {name for name in files if name.startswith("figures/")}
    made_again = {check.name for check in verification.checks if "." in check.name}
    assert made_again == files.keys() - unchecked - {"digests.json"}
    assert all("version 0.1 of First Glance wrote it" in unchecked.reason for unchecked in verification.unchecked)
    assert "only digests.json, which anybody can rewrite, binds them" in verification.statement.sentences[-1]


def test_even_the_lock_s_digest_leaves_flags_and_erasures_of_version_0_1_unbound() -> None:
    evidence = read_export(UNBLINDED).evidence
    anchors = Anchors(commitment=evidence.published.commitment, lock=evidence.lock_digest)
    statement = verify_export(UNBLINDED, anchors).statement
    assert (statement.conclusion, statement.exit_status, statement.sentences[0]) == ("version 0.1", 3, STATEMENT)
    assert verify_export(UNBLINDED, Anchors(lock="0" * 64)).statement.exit_status == 1


@pytest.mark.parametrize(
    ("name", "found", "forged"),
    [
        ("frame.json", '"dead": 2', '"dead": 0'),
        ("frame.json", '"marked": ', '"marked": 1'),
        ("frame.json", '"stopped_early": true', '"stopped_early": false'),
        ("analysis.json", "were marked INTERPRETABLE", "were all marked INTERPRETABLE"),
        ("observations.csv", "not_interpretable", "interpretable"),
        ("neurons.csv", ",true,", ",false,"),
        ("receipts.json", '"judgments": 8', '"judgments": 9'),
        ("events.csv", "demo", "Demo"),
    ],
)
def test_a_forged_number_of_version_0_1_is_found(tmp_path: Path, name: str, found: str, forged: str) -> None:
    """The counts come from the sealed allocation and the items, not from frame.json."""
    text = read_zip(UNBLINDED)[name].decode()
    assert found in text
    changes: dict[str, bytes | None] = {name: text.replace(found, forged, 1).encode()}
    verification = verify_export(replace_files(UNBLINDED, changes, tmp_path, signing_key=None))
    assert name in failed_checks(verification)
    assert verification.statement.exit_status == 1


def test_a_flag_added_to_an_export_of_version_0_1_changes_the_numbers_that_follow(tmp_path: Path) -> None:
    """Whoever adds a flag has to forge the numbers as well, and then it is called consistent at most."""
    frame = json.loads(read_zip(UNBLINDED)["frame.json"])
    rows = read_records(read_zip(UNBLINDED)["observations.csv"])
    row = next(row for row in rows if row["kind"] == "neuron")
    flag = {"evaluator": row["evaluator"], "item": row["shown_as"], "kind": "fault", "comment": ""}
    frame["flagged"] = [*frame["flagged"], flag]
    changes: dict[str, bytes | None] = {"frame.json": json.dumps(frame).encode()}
    verification = verify_export(replace_files(UNBLINDED, changes, tmp_path, signing_key=None))
    assert {"analysis.json", "observations.csv"} <= set(failed_checks(verification))


def test_a_new_round_cannot_pass_as_one_of_version_0_1(exported: Path, tmp_path: Path) -> None:
    """So nobody escapes the checks of this version by claiming to be older."""
    files = read_zip(exported)
    commitment = json.loads(files["commitment.json"]) | {"v": 1}
    links = [
        {"evaluator": link["evaluator"], "number": link["number"], "chain": link["chain"], "judgment": link["entry"]}
        for link in json.loads(files["chains.json"])
    ]
    changes: dict[str, bytes | None] = {
        "commitment.json": json.dumps(commitment).encode(),
        "judgments.json": json.dumps(links).encode(),
        "chains.json": None,
    }
    path = replace_files(exported, changes, tmp_path)
    with pytest.raises(Exception, match=r"judgments\.json in the export has another form"):
        verify_export(path)


def test_a_file_that_version_0_1_did_not_write_is_found(tmp_path: Path) -> None:
    path = tmp_path / "more.zip"
    path.write_bytes(pack_files({**read_zip(UNBLINDED), "notes.txt": b"Read me first."}))
    assert {"digest of notes.txt", "notes.txt"} <= set(failed_checks(verify_export(path)))


@pytest.mark.parametrize("content", [b"[]", b'{"cells": 1}'])
def test_a_frame_of_another_form_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Exception, match="has another form"):
        verify_export(replace_file(UNBLINDED, "frame.json", content, tmp_path))
