"""An export whose design is of version 2: every file of it is made again."""

import json
from pathlib import Path

from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip
from tests.conftest import without_figures

EXPORT = Path(__file__).parents[1] / "data" / "designs" / "version-2" / "export.zip"


def test_an_export_of_a_design_of_version_2_verifies_and_only_its_words_are_another_program_s() -> None:
    assert json.loads(read_zip(EXPORT)["design.json"])["version"] == 2
    with without_figures():
        verification = verify_export(EXPORT)
    assert [check for check in verification.checks if not check.ok] == []
    checked = {check.name for check in verification.checks}
    assert {"analysis.json", "frame.json", "neurons.csv", "observations.csv", "design.json", "chains"} & checked == {
        "analysis.json",
        "frame.json",
        "neurons.csv",
        "observations.csv",
        "design.json",
    }
    assert {file.name for file in verification.unchecked} <= {
        "report.md", "report.pdf", "README.md", "methods.json", "datapackage.json", "verify.py", "CITATION.cff",
        "preregistration.md", "program.json", "the sentences of analysis.json",
    }  # fmt: skip
