"""The export of a round: the same bytes for the same round, and no arm before unblinding."""

from pathlib import Path

from app.report.export.bundle import UnblindedBundle, blinded_zip, unblinded_zip
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, blinded_bundle_of


def test_the_same_round_gives_the_same_bytes(bundle: UnblindedBundle, exported: Path) -> None:
    with without_figures():
        assert unblinded_zip(bundle, SIGNING_KEY) == exported.read_bytes()


def test_a_blinded_export_names_no_arm_and_no_verdict_before_the_lock(bundle: UnblindedBundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=False)))
    files = read_zip(path)
    public_design = files.pop("public_design.json")
    data = b"".join(content for name, content in files.items() if name not in ("verify.py", "README.md"))
    for word in (b"solu", b"baseline", b"stratum"):
        assert word not in data + public_design
    assert b"not_interpretable" not in data


def test_a_blinded_export_of_a_locked_round_verifies(bundle: UnblindedBundle, tmp_path: Path) -> None:
    path = tmp_path / "blinded.zip"
    path.write_bytes(blinded_zip(blinded_bundle_of(bundle.evidence, locked=True), SIGNING_KEY))
    verification = verify_export(path)
    assert verification.ok
    assert verification.blinded
    assert "allocation.json" not in read_zip(path)


def test_the_readme_says_what_a_spreadsheet_does_with_a_formula(exported: Path) -> None:
    readme = read_zip(exported)["README.md"].decode()
    assert "so an apostrophe stands before a text that does" in readme
    assert 'fileEncoding = "UTF-8-BOM"' in readme
