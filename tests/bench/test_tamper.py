"""No forgery of a locked round is certified: the named ones, and random ones, few here and 2,000 before a release."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import tamper
from bench.forged_database import DEPTHS
from bench.honest_round import HonestRound, lock_honest_round
from bench.judged_forgeries import ForgeryOutcome, honest_export, without_figures
from bench.named_database_forgeries import DATABASE_FORGERIES
from bench.named_forgeries import EVIDENCE_FORGERIES
from bench.named_view_forgeries import RESULT_FORGERIES, VIEW_FORGERIES
from tests.rounds.small_archives import make_archive
from tests.tasks.tasks import NAMES, TASKS

RANDOM_COUNT = 12
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=TASKS, ids=NAMES)
def honest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HonestRound]:
    """A locked round of two archives made by hand, of each task, and the workplace of a forger."""
    folder = tmp_path_factory.mktemp("tamper")
    archives = {
        "baseline": make_archive(folder / "plum", seed=1, layers=2, dead=4, weak=1),
        "solu": make_archive(folder / "fig", seed=2, layers=2, dead=6, weak=1),
    }
    honest = lock_honest_round(folder, archives, task_fields=request.param.design_fields)
    with without_figures():
        tamper.begin_work(honest, honest_export(honest, folder), folder)
        yield honest


def assert_not_certified(outcome: ForgeryOutcome) -> None:
    assert outcome.ruling.judgement not in ("harmful", "crashed"), outcome
    assert outcome.ruling.is_named, outcome


@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize("name", EVIDENCE_FORGERIES)
def test_forged_evidence_that_fits_up_to_the_lock_is_not_certified(name: str) -> None:
    assert_not_certified(tamper.forge_by_name(name, "lock and log"))


@pytest.mark.slow
@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize("name", DATABASE_FORGERIES)
def test_a_forged_database_is_not_certified(name: str) -> None:
    assert_not_certified(tamper.forge_by_name(name, "digests"))


@pytest.mark.slow
@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize(
    "name", [*RESULT_FORGERIES, *(name for name in VIEW_FORGERIES if name not in ("figure", "PDF"))]
)
def test_a_forged_result_is_not_certified(name: str) -> None:
    outcome = tamper.forge_by_name(name, "digests")
    assert_not_certified(outcome)
    assert outcome.ruling.judgement in ("refused", "not certified")


@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize("depth", DEPTHS)
def test_two_hundred_flags_in_the_database_are_refused(depth: str) -> None:
    assert tamper.forge_by_name("200 flags in the database", depth).ruling.judgement == "refused"


@pytest.mark.usefixtures("honest")
@pytest.mark.parametrize("number", range(RANDOM_COUNT))
def test_a_random_forgery_is_not_certified(number: int) -> None:
    assert_not_certified(tamper.forge_at_random(f"1 {number}"))


@pytest.mark.slow
def test_no_forgery_of_two_thousand_is_certified() -> None:
    """In a process of its own, since the round of the other tests here has no figures to forge."""
    command = [sys.executable, "-m", "bench.tamper", "--count", "2000"]
    bench = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert bench.returncode == 0, bench.stdout + bench.stderr
    summary = json.loads(bench.stdout)
    for part in ("named", "random"):
        assert summary[part]["harmful"] == []
        assert summary[part]["crashed"] == []
        assert summary[part]["refused_without_name"] == []
