"""What leaves the server about a round, and that the log says so."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from click.testing import CliRunner

from app.cli.main import cli
from app.report.export.verify import verify_export
from app.services.log import round_events
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, make_draft, seal_now
from tests.admin.snapshots import REASON, invite_ada, judge_as_ada
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


def test_who_pools_exports_has_read_those_rounds_that_are_here(
    dag: Browser, unblinded: str, admin_site: AdminSite, tmp_path: Path
) -> None:
    rounds = {"first": unblinded, "second": _second_unblinded_round(dag, admin_site)}
    exports = [tmp_path / f"{name}.zip" for name in rounds]
    with without_figures():
        for path, round_id in zip(exports, rounds.values(), strict=True):
            path.write_bytes(dag.get(f"/admin/rounds/{round_id}/export.zip").content)
        elsewhere = _pool(tmp_path / "elsewhere", exports)
        here = ("--database-url", f"sqlite:///{admin_site.database_path}", "--data", str(admin_site.settings.data))
        pooled = [_pool(tmp_path, exports, *here, by=name) for name in ("Dag", "nobody")]
    assert (elsewhere, pooled) == (0, [0, 1])
    assert not (tmp_path / "elsewhere").exists(), "without a database none is made"
    for round_id in rounds.values():
        with admin_site.database.reading() as session:
            events = [event for event in round_events(session, round_id) if event.action == "results read"]
        assert [(event.actor, event.detail["form"]) for event in events] == [("Dag", "report")]


def _pool(data: Path, exports: list[Path], *options: str, by: str = "Dag") -> int:
    """The exit code of the command that pools exports."""
    words = ["--data", str(data), *options, "report", *map(str, exports), "--by", by]
    return CliRunner().invoke(cli, words).exit_code


def _second_unblinded_round(dag: Browser, admin_site: AdminSite) -> str:
    round_id = make_draft(dag, admin_site, title="Autumn reading")
    keys = seal_now(admin_site, round_id)
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("open")
    judge_as_ada(admin_site, invite_ada(dag))
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{round_id}/unblind")
    dag.send("unblind", keys=keys[0], reason=REASON, password=PASSWORD)
    return round_id
