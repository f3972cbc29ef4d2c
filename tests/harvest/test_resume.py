"""A harvest that is stopped goes on where it was, and its archive is the same to the last byte."""

import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from app.foundation.errors import ArchiveError, CorpusError
from app.harvest.archive import Archive
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, Report, silent
from app.harvest.run import harvest_model, harvest_pair
from app.models.checkpoints import LoadedModel
from tests.harvest.interrupted import OPTIONS

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A copy of this project's code: long enough for several shards."""
    folder = tmp_path_factory.mktemp("corpus") / "app"
    shutil.copytree(ROOT / "app", folder, ignore=lambda _, names: [name for name in names if name == "__pycache__"])
    return str(folder)


class StoppedError(Exception):
    """Stands for whatever stops a harvest."""


def stop_after(shards: int) -> Report:
    """A progress report that raises at the n-th shard."""
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == shards:
            raise StoppedError

    return report


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def whole(model: LoadedModel, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return harvest_model(model, "tiny", corpus, tmp_path_factory.mktemp("whole") / "out", OPTIONS, silent)


@pytest.mark.parametrize("save_every", [0.0, 1e9])
@pytest.mark.parametrize("shards", [1, 2])
def test_a_stopped_harvest_ends_with_the_same_bytes(
    model: LoadedModel, corpus: str, whole: Archive, tmp_path: Path, shards: int, save_every: float
) -> None:
    options = replace(OPTIONS, save_every=save_every)
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", options, stop_after(shards))
    assert not (tmp_path / "out").exists()
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", options, silent)
    assert contents(archive.path) == contents(whole.path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_progress_counts_what_was_resumed_but_not_its_time(model: LoadedModel, corpus: str, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(2))
    seen: list[Progress] = []
    harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, seen.append)
    assert len(seen) == 2
    assert seen[-1].tokens >= 24_000
    assert 0 < seen[-1].forward + seen[-1].reduction + seen[-1].reading <= 1.01


def kill_and_finish(model: LoadedModel, corpus: str, out: Path, random: Random) -> Archive:
    """Kill -9 a harvest at a random moment after it began to write, then run it again to the end."""
    command = [sys.executable, "-m", "tests.harvest.interrupted", str(model.folder), corpus, str(out)]
    process = subprocess.Popen(command, cwd=ROOT)
    notes = out.with_name(out.name + ".partial")
    while process.poll() is None and not notes.exists():
        time.sleep(0.005)
    time.sleep(random.uniform(0, 1.5))
    process.kill()
    process.wait()
    if not out.exists():
        harvest_model(model, "tiny", corpus, out, OPTIONS, silent)
    return Archive.open(out)


def test_after_kill_9_the_archive_is_the_same(model: LoadedModel, corpus: str, whole: Archive, tmp_path: Path) -> None:
    assert contents(kill_and_finish(model, corpus, tmp_path / "out", Random(5)).path) == contents(whole.path)


@pytest.mark.slow
def test_twenty_kills_at_random_moments_give_twenty_equal_archives(
    model: LoadedModel, corpus: str, whole: Archive, tmp_path: Path
) -> None:
    random = Random(20)
    for number in range(20):
        assert contents(kill_and_finish(model, corpus, tmp_path / str(number), random).path) == contents(whole.path)


def test_a_killed_pair_ends_with_the_same_bytes(
    model: LoadedModel, solu: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    models = {"gelu": model, "solu": solu}
    harvest_pair(models, corpus, tmp_path / "whole", OPTIONS, silent)
    with pytest.raises(StoppedError):
        harvest_pair(models, corpus, tmp_path / "out", OPTIONS, stop_after(2))
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, silent)
    for name in ("gelu", "solu"):
        assert contents(tmp_path / "out" / name) == contents(tmp_path / "whole" / name)
    assert (tmp_path / "out" / "pair.json").read_bytes() == (tmp_path / "whole" / "pair.json").read_bytes()


def test_a_pair_killed_between_its_archives_goes_on(
    model: LoadedModel, solu: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    models = {"gelu": model, "solu": solu}
    with pytest.raises(StoppedError):
        harvest_pair(models, corpus, tmp_path / "out", OPTIONS, stop_after(3))
    shutil.copytree(tmp_path / "out.partial", tmp_path / "notes")
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, silent)
    before = contents(tmp_path / "out" / "gelu")
    shutil.rmtree(tmp_path / "out" / "solu")
    (tmp_path / "notes").rename(tmp_path / "out.partial")
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, silent)
    assert contents(tmp_path / "out" / "gelu") == before


def test_it_does_not_go_on_with_other_options_or_other_text(model: LoadedModel, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(ROOT / "app" / "foundation", folder)
    options = HarvestOptions(k=2, sample=50, window=70, save_every=0.0)
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", options, stop_after(1))
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", replace(options, k=3), silent)
    for path in folder.glob("*.py"):
        path.write_text("# changed\n" + path.read_text())
    with pytest.raises(CorpusError, match="has changed since"):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", options, silent)


def test_damaged_notes_are_named(model: LoadedModel, corpus: str, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(2))
    state = tmp_path / "out.partial" / "state.npz"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(ArchiveError, match="is damaged; delete"):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, silent)
