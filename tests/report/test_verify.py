"""`firstglance verify`: an unchanged export verifies, and every change is found and named."""

import json
from pathlib import Path

import pytest

from app.report.export.verify import Verification, verify_export
from app.report.export.zip_file import json_bytes, pack_files, read_zip
from tests.report.tampering import replace_file, replace_files, tamper, verify_without_figures


def names_of_failed_checks(verification: Verification) -> list[str]:
    return [check.name for check in verification.checks if not check.ok]


def test_an_unchanged_export_verifies(exported_with_figures: Path) -> None:
    verification = verify_export(exported_with_figures)
    assert verification.differences == []
    assert verification.unchecked == ()
    assert verification.commitment_verified
    names = {check.name for check in verification.checks}
    assert names >= {"commitment", "chain of Ash", "end of Ash", "log", "signature.json"}
    assert names >= read_zip(exported_with_figures).keys() - {"digests.json"}


def test_a_changed_byte_without_its_digest_is_named(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.zip"
    files = read_zip(exported)
    path.write_bytes(pack_files({**files, "report.md": files["report.md"] + b" "}))
    verification = verify_without_figures(path)
    assert names_of_failed_checks(verification) == ["digest of report.md", "datapackage.json", "report.md"]


@pytest.mark.parametrize(
    ("name", "differences"),
    [
        ("design.json", ["design", "commitment"]),
        ("allocation.json", ["allocation", "commitment", "observations.csv"]),
        ("items.json", ["items", "commitment", "snippets.parquet"]),
        ("chains.json", ["chain of Ash"]),
        ("events.json", ["log", "events.csv"]),
        ("analysis.json", ["analysis.json"]),
        ("frame.json", ["frame.json"]),
    ],
)
def test_a_changed_file_fails_the_check_of_its_content(
    exported: Path, tmp_path: Path, name: str, differences: list[str]
) -> None:
    content = json.dumps(tamper(name, json.loads(read_zip(exported)[name])))
    verification = verify_without_figures(replace_file(exported, name, content.encode(), tmp_path))
    assert set(differences) <= set(names_of_failed_checks(verification)), verification.differences
    assert all(sentence.endswith(".") for sentence in verification.differences)
    assert verification.statement.exit_status == 1


def test_changed_verdicts_in_the_csv_are_named_by_row_and_column(exported: Path, tmp_path: Path) -> None:
    text = read_zip(exported)["observations.csv"].decode()
    text = text.replace("not_interpretable", "interpretable", 9)
    path = replace_file(exported, "observations.csv", text.encode(), tmp_path)
    verification = verify_without_figures(path)
    assert "observations.csv" in names_of_failed_checks(verification)
    assert any(
        "observations.csv has “interpretable” at row" in sentence
        and "column verdict, but the evidence gives “not_interpretable”." in sentence
        for sentence in verification.differences
    )


def test_a_changed_headline_is_found(exported: Path, tmp_path: Path) -> None:
    analysis = json.loads(read_zip(exported)["analysis.json"])
    analysis["headline"] = analysis["headline"].replace("minus", "plus")
    path = replace_file(exported, "analysis.json", json.dumps(analysis).encode(), tmp_path)
    verification = verify_without_figures(path)
    assert names_of_failed_checks(verification) == ["analysis.json", "datapackage.json"]
    assert "analysis.json has " in verification.differences[0]
    assert " at headline, but the evidence gives " in verification.differences[0]


def test_a_judgment_left_out_of_the_csv_is_found(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    path = replace_file(exported, "observations.csv", "".join(lines[:-1]).encode(), tmp_path)
    sentences = verify_without_figures(path).differences
    assert any(f"observations.csv has nothing at row {len(lines)}, but" in sentence for sentence in sentences)


def test_a_judgment_cut_off_the_end_of_a_chain_is_found_at_the_lock(exported: Path, tmp_path: Path) -> None:
    links = json.loads(read_zip(exported)["chains.json"])
    last = max((link for link in links if link["evaluator"] == "Ash"), key=lambda link: int(link["number"]))
    links.remove(last)
    path = replace_file(exported, "chains.json", json.dumps(links).encode(), tmp_path)
    sentences = verify_without_figures(path).differences
    counts = "there are 79, at the lock there were 80"
    assert f"Entries of “Ash” were added or removed since the lock: {counts}." in sentences


def test_an_arm_changed_in_the_csv_is_found(exported: Path, tmp_path: Path) -> None:
    header, first, *others = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    first = first.replace("baseline", "solu") if "baseline" in first else first.replace("solu", "baseline")
    text = "".join([header, first, *others])
    path = replace_file(exported, "observations.csv", text.encode(), tmp_path)
    verification = verify_without_figures(path)
    assert "observations.csv" in names_of_failed_checks(verification)
    assert any("at row 2, column arm" in sentence for sentence in verification.differences)


@pytest.mark.parametrize(
    ("name", "found", "forged"),
    [
        ("report.md", b"minus baseline: ", b"minus baseline: +"),
        ("README.md", b"Unblinded export", b"Approved export"),
        ("CITATION.cff", b"percentage points", b"big points"),
        ("methods.json", b"secret 256-bit seed", b"public 256-bit seed"),
        ("preregistration.md", b"two-sided", b"one-sided"),
        ("evaluators.csv", b"Ash,false", b"Ash,true"),
        ("neurons.csv", b",true,", b",false,"),
        ("items.csv", b",2,6,2", b",2,6,4"),
        ("events.csv", b"Ada", b"Eve"),
        ("receipts.json", b"Ash", b"Elm"),
        ("commitment.json", b'"nonce": "0a', b'"nonce": "0b'),
        ("verify.py", b"WRONG", b"ok   "),
        ("datapackage.json", b"A round for tests", b"A round for sale!"),
        ("frame.json", b'"dead": 2', b'"dead": 0'),
    ],
)
def test_every_text_and_table_is_made_again_and_compared(
    exported: Path, tmp_path: Path, name: str, found: bytes, forged: bytes
) -> None:
    content = read_zip(exported)[name]
    assert found in content
    path = replace_file(exported, name, content.replace(found, forged, 1), tmp_path)
    verification = verify_without_figures(path)
    assert name in names_of_failed_checks(verification)
    assert any(sentence.startswith(f"{name} has ") for sentence in verification.differences)


def test_forged_figures_and_a_forged_pdf_are_found(exported_with_figures: Path, tmp_path: Path) -> None:
    files = read_zip(exported_with_figures)
    svg = files["figures/forest.svg"]
    assert b"pooled" in svg
    changes = {
        "figures/forest.svg": svg.replace(b"pooled", b"proven", 1),
        "figures/fractions.pdf": files["figures/fractions.pdf"] + b"\n",
        "report.pdf": files["report.pdf"] + b"\n",
    }
    verification = verify_export(replace_files(exported_with_figures, changes, tmp_path))
    assert names_of_failed_checks(verification) == [
        "datapackage.json", "figures/forest.svg", "figures/fractions.pdf", "report.pdf"
    ]  # fmt: skip
    (sentence,) = [text for text in verification.differences if text.startswith("figures/forest.svg")]
    assert "proven" in sentence
    assert "pooled" in sentence


def test_a_forged_table_of_tokens_is_found(exported: Path, tmp_path: Path) -> None:
    path = replace_file(exported, "snippets.parquet", b"PAR1", tmp_path)
    assert "snippets.parquet" in names_of_failed_checks(verify_without_figures(path))


def test_not_even_the_statistics_of_the_table_of_tokens_can_be_forged(exported: Path, tmp_path: Path) -> None:
    """Readers skip rows by them."""
    content = bytearray(read_zip(exported)["snippets.parquet"])
    content[-200] ^= 1
    path = replace_file(exported, "snippets.parquet", bytes(content), tmp_path)
    assert "snippets.parquet" in names_of_failed_checks(verify_without_figures(path))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"notes.txt": b"Read me first."}, "notes.txt is in the export, but nothing in the evidence gives it."),
        ({"figures/": b""}, "figures/ is in the export, but nothing in the evidence gives it."),
        ({"report.md": None}, "report.md is missing from the export."),
        ({"report.pdf": None}, "report.pdf is missing from the export."),
        ({"evaluators.csv": None}, "evaluators.csv is missing from the export."),
        ({"timestamps/a.tsr": b""}, "timestamps/a.tsr is in the export, but nothing in the evidence gives it."),
    ],
)  # fmt: skip
def test_files_that_are_missing_or_too_many_are_named(
    exported: Path, tmp_path: Path, changes: dict[str, bytes | None], sentence: str
) -> None:
    verification = verify_without_figures(replace_files(exported, changes, tmp_path))
    assert sentence in verification.differences


def test_numbers_may_differ_by_the_rounding_of_another_machine(exported: Path, tmp_path: Path) -> None:
    files = read_zip(exported)
    analysis = json.loads(files["analysis.json"])
    estimate = analysis["difference"]["estimate"]
    for factor, failed in ((1 + 1e-11, []), (1 + 1e-8, ["analysis.json"])):
        analysis["difference"]["estimate"] = estimate * factor
        content = json.dumps(analysis, ensure_ascii=False, indent=1).encode() + b"\n"
        package = files["datapackage.json"].replace(b"%d" % len(files["analysis.json"]), b"%d" % len(content))
        changes: dict[str, bytes | None] = {"analysis.json": content, "datapackage.json": package}
        verification = verify_without_figures(replace_files(exported, changes, tmp_path))
        assert names_of_failed_checks(verification) == failed


def test_words_written_by_other_versions_are_listed_with_both_versions_and_what_binds_them(
    exported: Path, tmp_path: Path
) -> None:
    files = read_zip(exported)
    versions = json.loads(files["program.json"])
    versions["libraries"]["numpy"] = "1.0.0"
    analysis = json.loads(files["analysis.json"])
    analysis["methods"]["libraries"]["numpy"] = "1.0.0"
    changes: dict[str, bytes | None] = {
        "program.json": json_bytes(versions),
        "analysis.json": json_bytes(analysis),
        "report.md": files["report.md"] + b"Written elsewhere.\n",
        "datapackage.json": None,
    }
    path = replace_files(exported, changes, tmp_path)
    verification = verify_without_figures(path)
    assert names_of_failed_checks(verification) == ["datapackage.json"]
    unchecked = {unchecked.name: unchecked.reason for unchecked in verification.unchecked}
    assert unchecked.keys() == {"report.md", "program.json"}
    assert "numpy 1.0.0" in unchecked["report.md"]
    assert f"numpy {json.loads(files['program.json'])['libraries']['numpy']}" in unchecked["report.md"]


def test_another_version_is_no_excuse_for_another_number(exported: Path, tmp_path: Path) -> None:
    files = read_zip(exported)
    versions = json.loads(files["program.json"])
    versions["program"] = "9.9.9"
    analysis = json.loads(files["analysis.json"])
    analysis["difference"]["estimate"] += 0.01
    changes: dict[str, bytes | None] = {
        "program.json": json_bytes(versions),
        "analysis.json": json.dumps(analysis).encode(),
        "observations.csv": files["observations.csv"].replace(b",not_interpretable", b",interpretable", 1),
    }
    verification = verify_without_figures(replace_files(exported, changes, tmp_path))
    assert names_of_failed_checks(verification) == ["analysis.json", "observations.csv"]
    assert {"datapackage.json", "program.json"} <= {unchecked.name for unchecked in verification.unchecked}
