"""The demo on a tiny pair, end to end over HTTP, and what a second run reuses."""

import json
import stat
import zipfile
from pathlib import Path

import pytest

from app.cli.database import open_database
from app.cli.demo.check import Stopwatch, run_check
from app.cli.demo.demo_round import DemoPlan, create_demo_round, demo_archives, demo_password, find_open_demo_round
from app.foundation.settings import Settings
from app.report.export.verify import verify_export
from tests.cli.conftest import TEXT, Run


@pytest.fixture
def plan(trained: Path) -> DemoPlan:
    return DemoPlan(
        models=trained, corpus=str(TEXT), token_limit=6_000, neurons=4, preset_name="quick", evaluator_count=3
    )


def test_the_check_prints_fractions_that_the_export_recomputes(plan: DemoPlan, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", port=0)
    watch = Stopwatch()
    outcome = run_check(plan, settings, watch)
    outcome.require_verified()
    assert outcome.commitment_verified
    assert set(watch.seconds) == {"harvest", "seal", "judge", "unblind", "verify"}
    export = settings.data / "export.zip"
    assert verify_export(export).ok
    rows = zipfile.ZipFile(export).read("observations.csv").decode().splitlines()
    names = rows[0].split(",")
    for arm in ("baseline", "solu"):
        own = [dict(zip(names, row.split(","), strict=False)) for row in rows[1:]]
        said = [one["verdict"] == "interpretable" for one in own if one["arm"] == arm]
        assert outcome.arms[arm].n == 4
        assert outcome.arms[arm].fraction == pytest.approx(sum(said) / (3 * 4))


def test_the_command_prints_json_and_leaves_nothing_behind(run: Run, plan: DemoPlan, tmp_path: Path) -> None:
    result = run(
        "demo", "--check", "--json", "--models", plan.models, "--corpus", TEXT, "--tokens", 6_000, "--neurons", 3,
        "--preset", "quick",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert set(printed) == {"arms", "commitment_verified", "seconds"}
    assert set(printed["arms"]["solu"]) == {"n", "interpretable", "fraction", "interval"}
    assert printed["commitment_verified"] is True
    assert printed["seconds"]["total"] > 0
    assert not (tmp_path / "data").exists()


def test_a_second_run_reuses_the_archives_and_finds_the_open_round(plan: DemoPlan, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    archives = demo_archives(plan, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "archives").rglob("*")}
    assert {arm: one.sha256 for arm, one in demo_archives(plan, tmp_path).items()} == {
        arm: one.sha256 for arm, one in archives.items()
    }
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "archives").rglob("*")} == before
    with open_database(settings) as base:
        assert find_open_demo_round(base, tmp_path) is None
        made = create_demo_round(base, plan, archives, tmp_path, ["you"])
        assert find_open_demo_round(base, tmp_path) == made
    assert stat.S_IMODE(made.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "demo" / "password").stat().st_mode) == 0o600
    assert len(demo_password(tmp_path)) >= 20
