"""An export as one zip: the same bytes for the same round, and no arm before unblinding."""

from dataclasses import replace
from pathlib import Path

from app.report.export.bundle import Bundle, blinded_zip, export_zip
from app.report.export.read_zip import read_zip
from app.report.export.verify import verify_export


def test_the_same_round_gives_the_same_bytes(bundle: Bundle, exported: Path) -> None:
    assert export_zip(bundle) == exported.read_bytes()


def test_a_blinded_export_names_no_arm_and_no_verdict_before_the_lock(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(replace(bundle, state="collecting", opened=None)))
    data = b"".join(content for name, content in read_zip(path).items() if name not in ("verify.py", "README.md"))
    for word in (b"solu", b"baseline", b"not_interpretable", b"stratum"):
        assert word not in data


def test_a_blinded_export_of_a_locked_round_verifies(bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(replace(bundle, state="locked", opened=None)))
    verification = verify_export(path)
    assert verification.ok
    assert verification.blinded
    assert "allocation.json" not in read_zip(path)
