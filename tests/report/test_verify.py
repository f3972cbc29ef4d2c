"""`firstglance verify`: an unchanged export verifies, and every change is found and named."""

import json
import zipfile
from pathlib import Path

import pytest

from app.evidence.receipts import Receipt, make_receipt
from app.foundation.errors import ExportError
from app.report.export.exported_round import read_export
from app.report.export.verify import Verification, read_receipt, verify_export, verify_receipt
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


@pytest.fixture
def receipt(exported: Path) -> Receipt:
    """Birch's receipt after seven judgments."""
    export = read_export(exported)
    return make_receipt("Birch", export.commitment.commitment, export.chains["Birch"][:7])


def test_a_receipt_agrees_with_the_export(exported: Path, receipt: Receipt) -> None:
    assert receipt.judgments == 7
    assert verify_receipt(exported, receipt).ok
    final_receipts = json.loads(read_zip(exported)["receipts.json"])
    assert all(verify_receipt(exported, Receipt(**final_receipt)).ok for final_receipt in final_receipts)


@pytest.mark.parametrize(
    ("field", "forged"), [("head", "00"), ("digest", "00"), ("commitment", "00"), ("evaluator", "Nobody")]
)
def test_a_changed_receipt_is_found(exported: Path, receipt: Receipt, field: str, forged: str) -> None:
    assert not verify_receipt(exported, receipt.model_copy(update={field: forged})).ok


def test_a_receipt_is_read_from_the_file_that_an_evaluator_took_along(receipt: Receipt, tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"receipt": receipt.model_dump(), "judgments": []}), encoding="utf-8")
    assert read_receipt(path) == receipt


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"receipt": {"evaluator": "Birch"}}', '{"receipt": null}'])
def test_a_file_without_a_receipt_is_refused_with_a_sentence(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mine.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ExportError, match="holds no receipt"):
        read_receipt(path)
