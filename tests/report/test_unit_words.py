"""A report says what each arm is made of, and “unit” of arms of several kinds; the script in the zip says the same."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.report.export.bundle import unblinded_zip
from app.report.export.zip_file import read_zip
from app.rounds.design import Design
from app.unblinding.observations import Observation
from tests.conftest import without_figures
from tests.report.simulated_evidence import SIGNING_KEY, bundle_of, evidence_of, facts_for
from tests.report.simulated_round import frame_for
from tests.report.tampering import verify_without_figures


def with_units(design: Design, **by_arm: str) -> Design:
    """The design whose arms have these words."""
    cells = [cell.model_copy(update={"unit": by_arm[cell.arm]}) for cell in design.arms]
    return design.with_changes(arms=tuple(cells))


def export_with_units(observations: list[Observation], path: Path, **by_arm: str) -> dict[str, bytes]:
    """Export a round whose arms have these words, check that it verifies, and return its files."""
    facts = facts_for(observations, frame_for(observations))
    with without_figures():
        bundle = bundle_of(evidence_of(replace(facts, design=with_units(facts.design, **by_arm))))
        path.write_bytes(unblinded_zip(bundle, SIGNING_KEY))
    assert [check for check in verify_without_figures(path).checks if not check.ok] == []
    return read_zip(path)


@pytest.mark.parametrize(
    ("baseline", "solu", "common"),
    [("neuron", "latent", "unit"), ("latent", "latent", "latent"), ("unit", "unit", "unit")],
)
def test_report_and_preregistration_use_the_words_of_the_arms(
    observations: list[Observation], tmp_path: Path, baseline: str, solu: str, common: str
) -> None:
    files = export_with_units(observations, tmp_path / "round.zip", baseline=baseline, solu=solu)
    report, registered = (files[name].decode() for name in ("report.md", "preregistration.md"))
    assert f" % of the {baseline}s of baseline and " in report.replace("\xa0", " ")
    assert f" % of the {solu}s of solu " in report.replace("\xa0", " ")
    assert f"What is counted is the {common}: its verdict" in report
    assert f"Flow of {common}s" in report
    assert f"**Frame.** All {common}s of all layers" in registered
    other_words = re.findall(r"[^.]*(?<!_)neurons?\b[^.]*", registered)
    assert [
        sentence for sentence in other_words if "neuron" not in (baseline, solu) and "to the question:" not in sentence
    ] == []


def test_the_files_that_describe_an_export_use_the_common_word(observations: list[Observation], tmp_path: Path) -> None:
    files = export_with_units(observations, tmp_path / "round.zip", baseline="latent", solu="latent")
    readme, package = files["README.md"].decode(), json.loads(files["datapackage.json"])
    assert "| neurons.csv | one row per drawn latent, dead ones included |" in readme
    assert "which item was which latent" in readme
    columns = {
        column["name"]: column["description"]
        for resource in package["resources"]
        for column in resource.get("schema", {"fields": []})["fields"]
    }
    assert columns["neuron"] == "Index of the latent within its layer, from 0"
    assert columns["kind"].startswith("neuron, or a control")


def test_the_script_in_the_zip_writes_the_same_headline(observations: list[Observation], tmp_path: Path) -> None:
    files = export_with_units(observations, tmp_path / "round.zip", baseline="neuron", solu="latent")
    (tmp_path / "verify.py").write_bytes(files["verify.py"])
    checked = subprocess.run(
        [sys.executable, str(tmp_path / "verify.py"), str(tmp_path / "round.zip")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "DIFFERENT" not in checked.stdout.upper(), checked.stdout
    assert re.search(r"headline", checked.stdout), checked.stdout
