"""`firstglance verify`: an unchanged export verifies, and every change is found and named."""

import json
import zipfile
from pathlib import Path

import pytest

from app.report.export.verify import Verification, verify_export
from app.report.export.zip_file import read_zip
from tests.report.tampering import replace_file, tamper


def names_of_failed_checks(verification: Verification) -> list[str]:
    return [check.name for check in verification.checks if not check.ok]


def test_an_unchanged_export_verifies(exported: Path) -> None:
    verification = verify_export(exported)
    assert verification.differences == []
    assert verification.commitment_verified
    names = {check.name for check in verification.checks}
    assert names >= {"commitment", "judgments of Ash", "log", "numbers of analysis.json"}


def test_a_changed_byte_without_its_digest_is_named(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in read_zip(exported).items():
            archive.writestr(name, content + b" " if name == "report.md" else content)
    assert names_of_failed_checks(verify_export(path)) == ["digest of report.md"]


@pytest.mark.parametrize(
    ("name", "difference"),
    [
        ("design.json", "design"),
        ("allocation.json", "allocation"),
        ("items.json", "items"),
        ("judgments.json", "judgments of Ash"),
        ("events.json", "log"),
        ("analysis.json", "analysis.json difference.estimate"),
        ("frame.json", "leak audit in frame.json"),
    ],
)
def test_a_changed_file_fails_the_check_of_its_content(
    exported: Path, tmp_path: Path, name: str, difference: str
) -> None:
    content = json.dumps(tamper(name, json.loads(read_zip(exported)[name])))
    verification = verify_export(replace_file(exported, name, content.encode(), tmp_path))
    assert difference in names_of_failed_checks(verification), verification.differences
    assert all(sentence.endswith(".") for sentence in verification.differences)


def test_changed_verdicts_in_the_csv_are_found_in_the_numbers(exported: Path, tmp_path: Path) -> None:
    text = read_zip(exported)["observations.csv"].decode()
    text = text.replace("baseline,1L/0,0,4,10,neuron", "baseline,1L/0,0,4,10,planted")
    text = text.replace("not_interpretable", "interpretable", 9)
    verification = verify_export(replace_file(exported, "observations.csv", text.encode(), tmp_path))
    assert "analysis.json arms.baseline.fraction" in names_of_failed_checks(verification)


def test_a_changed_headline_is_found(exported: Path, tmp_path: Path) -> None:
    analysis = json.loads(read_zip(exported)["analysis.json"])
    analysis["headline"] = analysis["headline"].replace("minus", "plus")
    path = replace_file(exported, "analysis.json", json.dumps(analysis).encode(), tmp_path)
    assert names_of_failed_checks(verify_export(path)) == ["analysis.json headline"]


def test_a_judgment_left_out_of_the_csv_is_found(exported: Path, tmp_path: Path) -> None:
    lines = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    path = replace_file(exported, "observations.csv", "".join(lines[:-1]).encode(), tmp_path)
    assert any("lacks the judgment of" in sentence for sentence in verify_export(path).differences)


def test_a_judgment_cut_off_the_end_of_a_chain_is_found_at_the_lock(exported: Path, tmp_path: Path) -> None:
    links = json.loads(read_zip(exported)["judgments.json"])
    last = max((link for link in links if link["evaluator"] == "Ash"), key=lambda link: int(link["number"]))
    links.remove(last)
    path = replace_file(exported, "judgments.json", json.dumps(links).encode(), tmp_path)
    assert any("chain of Ash does not end" in sentence for sentence in verify_export(path).differences)


def test_an_arm_changed_in_the_csv_is_found(exported: Path, tmp_path: Path) -> None:
    header, first, *others = read_zip(exported)["observations.csv"].decode().splitlines(keepends=True)
    first = first.replace("baseline", "solu") if "baseline" in first else first.replace("solu", "baseline")
    path = replace_file(exported, "observations.csv", "".join([header, first, *others]).encode(), tmp_path)
    assert "arms in observations.csv" in names_of_failed_checks(verify_export(path))
