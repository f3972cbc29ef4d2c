"""The export of a round: the same bytes for the same round, and no arm before unblinding."""

from dataclasses import replace
from pathlib import Path

from app.report.export.bundle import UnblindedBundle, blinded_zip, unblinded_zip
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip


def test_the_same_round_gives_the_same_bytes(bundle: UnblindedBundle, exported: Path) -> None:
    assert unblinded_zip(bundle) == exported.read_bytes()


def test_a_blinded_export_names_no_arm_and_no_verdict_before_the_lock(bundle: UnblindedBundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(replace(bundle, state="collecting")))
    data = b"".join(content for name, content in read_zip(path).items() if name not in ("verify.py", "README.md"))
    for word in (b"solu", b"baseline", b"not_interpretable", b"stratum"):
        assert word not in data


def test_a_blinded_export_of_a_locked_round_verifies(bundle: UnblindedBundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(replace(bundle, state="locked")))
    verification = verify_export(path)
    assert verification.ok
    assert verification.blinded
    assert "allocation.json" not in read_zip(path)
