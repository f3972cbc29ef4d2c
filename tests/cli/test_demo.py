"""The demo on a tiny pair, end to end over HTTP, and what a second run reuses."""

import json
import stat
import zipfile
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli.demo import command
from app.cli.demo.demo_round import DemoPlan, create_demo_round, demo_archives, demo_password, find_open_demo_round
from app.cli.main import cli
from app.foundation.settings import Settings
from app.report.export.verify import verify_export
from app.services.opened_database import open_database
from tests.cli.conftest import TEXT

NEURONS = 4


@dataclass(frozen=True)
class Check:
    """A run of `firstglance demo --check --json`."""

    folder: Path
    """The temporary folder of the check, which the test keeps; a real run removes it."""
    data: Path
    """The data folder that the command was given."""
    printed: dict[str, Any]


@pytest.fixture(scope="module")
def check(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Check:
    folder, data = tmp_path_factory.mktemp("check"), tmp_path_factory.mktemp("unused") / "data"
    options = ["--models", trained, "--corpus", TEXT, "--tokens", 6_000, "--neurons", NEURONS, "--preset", "quick"]
    with pytest.MonkeyPatch.context() as patch:
        kept_folder = SimpleNamespace(TemporaryDirectory=lambda prefix: nullcontext(str(folder)))  # noqa: ARG005
        patch.setattr(command, "tempfile", kept_folder)
        words = ["--data", data, "demo", "--check", "--json", *options]
        result = CliRunner().invoke(cli, [str(word) for word in words], prog_name="firstglance")
    assert result.exit_code == 0, result.output
    return Check(folder, data, json.loads(result.stdout))


def test_the_check_prints_fractions_that_the_export_recomputes(check: Check) -> None:
    export = check.folder / "export.zip"
    assert verify_export(export).ok
    rows = zipfile.ZipFile(export).read("observations.csv").decode().splitlines()
    names = rows[0].split(",")
    observations = [dict(zip(names, row.split(","), strict=False)) for row in rows[1:]]
    for arm in ("baseline", "solu"):
        verdicts = [row["verdict"] == "interpretable" for row in observations if row["arm"] == arm]
        assert check.printed["arms"][arm]["n"] == NEURONS
        assert check.printed["arms"][arm]["fraction"] == pytest.approx(sum(verdicts) / (3 * NEURONS))


def test_the_check_prints_json_and_leaves_nothing_behind(check: Check) -> None:
    assert set(check.printed) == {"arms", "commitment_verified", "seconds"}
    assert set(check.printed["arms"]["solu"]) == {"n", "counted", "fraction", "interval"}
    assert check.printed["commitment_verified"] is True
    assert set(check.printed["seconds"]) == {"harvest", "seal", "judge", "unblind", "verify", "total"}
    assert check.printed["seconds"]["total"] > 0
    assert not check.data.exists()


def test_a_second_run_reuses_the_archives_and_the_open_round(trained: Path, tmp_path: Path) -> None:
    plan = DemoPlan(
        models_folder=trained,
        corpus=str(TEXT),
        token_limit=6_000,
        neurons=NEURONS,
        preset_name="quick",
        evaluator_count=3,
    )
    archives = demo_archives(plan, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "archives").rglob("*")}
    again = demo_archives(plan, tmp_path)
    assert {arm: archive.sha256 for arm, archive in again.items()} == {
        arm: archive.sha256 for arm, archive in archives.items()
    }
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "archives").rglob("*")} == times
    with open_database(Settings(data=tmp_path)) as database:
        assert find_open_demo_round(database, tmp_path) is None
        demo_round = create_demo_round(database, plan, archives, Settings(data=tmp_path), ["you"])
        assert find_open_demo_round(database, tmp_path) == demo_round
    assert stat.S_IMODE(demo_round.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "demo" / "password").stat().st_mode) == 0o600
    assert len(demo_password(tmp_path)) >= 20
