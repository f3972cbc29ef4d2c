"""What stands beside an export's own content and does not belong to it: strange stamps, and receipts that differ."""

from pathlib import Path

from app.evidence.checks import Check
from app.report.export.anchors import Anchors
from app.report.export.exported_round import read_export
from app.report.export.statement import Findings, make_statement
from tests.report.tampering import replace_file, verify_without_figures


def test_a_file_that_is_no_time_stamp_differs_also_without_roots(exported: Path, tmp_path: Path) -> None:
    path = replace_file(exported, "timestamps/lock-1.tsr", b"headline +78", tmp_path)
    verification = verify_without_figures(path, Anchors())
    assert "timestamps/lock-1.tsr: The file is no time stamp of this round" in " ".join(verification.differences)
    assert verification.statement.exit_status == 1


def last_sentence(exported: Path, *failed: str) -> str:
    checks = [Check(name, False, "agrees", "differs", "It differs.") for name in failed]
    findings = Findings(read_export(exported).evidence, 2, checks, (), (), "signed")
    return make_statement(findings).sentences[-1]


def test_the_statement_says_when_only_a_receipt_or_a_stamp_is_bad(exported: Path) -> None:
    only_receipt = last_sentence(exported, "anchor: receipt")
    assert only_receipt == "The export agrees with itself; the receipt named above does not agree with it."
    stamps = last_sentence(exported, "anchor: time stamp", "anchor: time stamp")
    assert stamps == "The export agrees with itself; the time stamps named above do not agree with it."
    both = last_sentence(exported, "anchor: receipt", "anchor: time stamp")
    assert both == "The export agrees with itself; the receipt and the time stamp named above do not agree with it."
    assert last_sentence(exported, "anchor: receipt", "log") == "2 parts differ, named above."
