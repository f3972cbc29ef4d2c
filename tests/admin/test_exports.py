"""What leaves the server about a round, and that the log says so."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from app.report.export.verify import verify_export
from tests.admin.admin_site import Browser
from tests.conftest import without_figures
from tests.rounds.small_archives import WORDS

WHOLE = {"analysis.json", "allocation.json", "chains.json", "verify.py", "report.pdf", "report.md"}
WHOLE |= {"snippets.parquet", "CITATION.cff", "figures/fractions.svg", "preregistration.md", "program.json"}


def test_the_export_has_the_report_and_all_that_recomputes_it(dag: Browser, unblinded: str) -> None:
    export = dag.get(f"/admin/rounds/{unblinded}/export.zip")
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        assert set(archive.namelist()) >= WHOLE
        assert json.loads(archive.read("methods.json"))["paper_unknown_ours"]


def test_the_observations_are_one_line_for_every_final_judgment(dag: Browser, unblinded: str) -> None:
    rows = dag.get(f"/admin/rounds/{unblinded}/observations.csv").text.strip().splitlines()
    assert len(rows) == 1 + 6


def test_exports_say_in_their_name_what_they_hold_and_are_logged(dag: Browser, unblinded: str) -> None:
    for path, name in (("export", "unblinded"), ("blinded", "blinded")):
        with without_figures():
            export = dag.get(f"/admin/rounds/{unblinded}/{path}.zip")
        assert f'filename="first-glance-{unblinded}-{name}.zip"' in export.headers["content-disposition"]
        digest = hashlib.sha256(export.content).hexdigest()
        dag.get(f"/admin/rounds/{unblinded}")
        assert "exported" in dag.text
        assert digest[:8] in dag.text


def test_a_draft_has_no_blinded_export(dag: Browser, draft: str) -> None:
    assert dag.get(f"/admin/rounds/{draft}/blinded.zip").status_code == 409


def test_a_blinded_export_has_no_arm_no_verdict_and_before_the_lock_no_text_of_an_item(
    dag: Browser, sealed: str, tmp_path: Path
) -> None:
    export = dag.get(f"/admin/rounds/{sealed}/blinded.zip")
    path = tmp_path / "blinded.zip"
    path.write_bytes(export.content)
    assert verify_export(path).ok
    with zipfile.ZipFile(path) as archive:
        texts = b"".join(archive.read(name) for name in archive.namelist() if not name.endswith((".py", ".md")))
        assert json.loads(archive.read("chains.json")) == []
        assert not [name for name in archive.namelist() if name.startswith(("items", "snippets"))]
    for word in ("axolotl", "quokka", *(word.strip() for word in WORDS[-25:])):
        assert word.encode() not in texts
