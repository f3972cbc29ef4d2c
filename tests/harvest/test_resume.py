"""A harvest that is stopped goes on where it was, and its archive is the same to the last byte."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError
from app.harvest.arms.callable_arm import Vocabulary, callable_reader
from app.harvest.arms.direction_reader import direction_reader
from app.harvest.arms.hook_reader import hook_reader
from app.harvest.arms.reader import MakeReader
from app.harvest.arms.sae_reader import sae_reader
from app.harvest.arms.site_reader import site_reader
from app.harvest.harvests import harvest, harvest_model, harvest_pair, harvest_units
from app.harvest.options import HarvestOptions
from app.harvest.progress import Progress, ReportProgress, report_nothing
from app.models.model_folder import LoadedModel
from app.models.sparse_autoencoder import load_sparse_autoencoder
from tests.harvest.killable import OPTIONS
from tests.harvest.saes import write_sae

ROOT = Path(__file__).parent.parent.parent


class StoppedError(Exception):
    """Stands for whatever stops a harvest."""


def stop_after(shard_count: int) -> ReportProgress:
    """A progress report that raises at the n-th shard."""
    reports: list[Progress] = []

    def report(progress: Progress) -> None:
        reports.append(progress)
        if len(reports) == shard_count:
            raise StoppedError

    return report


def contents_by_name(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def uninterrupted_archive(model: LoadedModel, corpus: str, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return harvest_model(model, "tiny", corpus, tmp_path_factory.mktemp("whole") / "out", OPTIONS, report_nothing)


@pytest.mark.parametrize("save_every", [0.0, 1e9])
@pytest.mark.parametrize("shard_count", [1, 2])
def test_a_stopped_harvest_ends_with_the_same_bytes(
    model: LoadedModel, corpus: str, uninterrupted_archive: Archive, tmp_path: Path, shard_count: int, save_every: float
) -> None:
    options = replace(OPTIONS, save_every=save_every)
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", options, stop_after(shard_count))
    assert not (tmp_path / "out").exists()
    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", options, report_nothing)
    assert contents_by_name(archive.path) == contents_by_name(uninterrupted_archive.path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_a_second_harvest_to_the_same_place_is_refused_while_the_first_one_runs(
    model: LoadedModel, corpus: str, uninterrupted_archive: Archive, tmp_path: Path
) -> None:
    refusals: list[str] = []

    def harvest_again(_: Progress) -> None:
        with ThreadPoolExecutor(1) as thread, pytest.raises(ArchiveError) as refusal:
            thread.submit(harvest_model, model, "tiny", corpus, tmp_path / "out", OPTIONS, report_nothing).result()
        refusals.append(str(refusal.value))

    archive = harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, harvest_again)
    assert {refusal.split(";")[0] for refusal in refusals} == {
        f"another harvest is running that writes to {tmp_path / 'out.partial'}"
    }
    assert contents_by_name(archive.path) == contents_by_name(uninterrupted_archive.path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


@pytest.mark.parametrize("name", ["a" * 300, "a\0b"])
def test_a_name_that_no_disk_takes_is_refused(model: LoadedModel, corpus: str, tmp_path: Path, name: str) -> None:
    with pytest.raises(ArchiveError, match="cannot be"):
        harvest_model(model, "tiny", corpus, tmp_path / name, OPTIONS, report_nothing)
    assert not list(tmp_path.iterdir())


def readers_of(model: LoadedModel, folder: Path) -> dict[str, MakeReader]:
    """A reader of each kind."""
    write_sae(folder / "sae", model.config.d_model)
    sae = sae_reader(load_sparse_autoencoder(folder / "sae"))
    return {
        "sae": sae,
        "hook": hook_reader("blocks.1.attention"),
        "stream": site_reader(["resid.0"]),
        "directions": direction_reader(sae),
        "callable": callable_reader(lambda ids: model.transformer.read_site("mlp.act", ids)[0], "a"),
    }


@pytest.mark.parametrize("kind_of_reader", ["sae", "hook", "stream", "directions", "callable"])
def test_a_stopped_harvest_of_any_reader_ends_with_the_same_bytes(
    model: LoadedModel, corpus: str, tmp_path: Path, kind_of_reader: str
) -> None:
    maker = readers_of(model, tmp_path)[kind_of_reader]
    options = replace(OPTIONS, tokens=6_000)
    whole = harvest_units(model, maker, "tiny", corpus, tmp_path / "whole", options, report_nothing)
    with pytest.raises(StoppedError):
        harvest_units(model, maker, "tiny", corpus, tmp_path / "out", options, stop_after(1))
    archive = harvest_units(model, maker, "tiny", corpus, tmp_path / "out", options, report_nothing)
    assert contents_by_name(archive.path) == contents_by_name(whole.path)


@pytest.mark.parametrize(("first", "second"), [("sae", "directions"), ("hook", "callable"), ("callable", "sae")])
def test_a_stopped_harvest_is_not_continued_by_another_reader(
    model: LoadedModel, corpus: str, tmp_path: Path, first: str, second: str
) -> None:
    readers = readers_of(model, tmp_path)
    with pytest.raises(StoppedError):
        harvest_units(model, readers[first], "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(1))
    with pytest.raises(ArchiveError, match="is the beginning of another harvest"):
        harvest_units(model, readers[second], "tiny", corpus, tmp_path / "out", OPTIONS, report_nothing)


def test_a_stopped_harvest_is_not_continued_with_another_sae_of_the_same_sizes(
    model: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    tensors = write_sae(tmp_path / "sae", model.config.d_model)
    with pytest.raises(StoppedError):
        maker = sae_reader(load_sparse_autoencoder(tmp_path / "sae"))
        harvest_units(model, maker, "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(1))
    save_file(tensors | {"b_enc": tensors["b_enc"] + 1}, tmp_path / "sae" / "sae_weights.safetensors")
    other = sae_reader(load_sparse_autoencoder(tmp_path / "sae"))
    with pytest.raises(ArchiveError, match="is the beginning of another harvest"):
        harvest_units(model, other, "tiny", corpus, tmp_path / "out", OPTIONS, report_nothing)


def test_progress_counts_tokens_of_earlier_runs_but_not_their_time(
    model: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(2))
    reports: list[Progress] = []
    harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, reports.append)
    assert len(reports) == 2
    assert reports[-1].token_count >= 10_000
    assert 0 < reports[-1].model_share + reports[-1].reduction_share + reports[-1].text_share <= 1.01


def kill_and_finish(model: LoadedModel, corpus: str, out: Path, random: Random) -> Archive:
    """Kill -9 a harvest at a random moment after it began to write, then run it again to the end."""
    command = [sys.executable, "-m", "tests.harvest.killable", str(model.folder), corpus, str(out)]
    process = subprocess.Popen(command, cwd=ROOT)
    checkpoint = out.with_name(out.name + ".partial")
    while process.poll() is None and not checkpoint.exists():
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.75))
    process.kill()
    process.wait()
    if not out.exists():
        harvest_model(model, "tiny", corpus, out, OPTIONS, report_nothing)
    return Archive.open(out)


def test_after_kill_9_the_archive_is_the_same(
    model: LoadedModel, corpus: str, uninterrupted_archive: Archive, tmp_path: Path
) -> None:
    assert contents_by_name(kill_and_finish(model, corpus, tmp_path / "out", Random(5)).path) == contents_by_name(
        uninterrupted_archive.path
    )


@pytest.mark.slow
def test_twenty_kills_at_random_moments_give_twenty_equal_archives(
    model: LoadedModel, corpus: str, uninterrupted_archive: Archive, tmp_path: Path
) -> None:
    random = Random(20)
    for number in range(20):
        assert contents_by_name(
            kill_and_finish(model, corpus, tmp_path / str(number), random).path
        ) == contents_by_name(uninterrupted_archive.path)


def test_a_killed_pair_ends_with_the_same_bytes(
    model: LoadedModel, solu: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    models = {"gelu": model, "solu": solu}
    harvest_pair(models, corpus, tmp_path / "whole", OPTIONS, report_nothing)
    with pytest.raises(StoppedError):
        harvest_pair(models, corpus, tmp_path / "out", OPTIONS, stop_after(2))
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, report_nothing)
    for name in ("gelu", "solu"):
        assert contents_by_name(tmp_path / "out" / name) == contents_by_name(tmp_path / "whole" / name)
    assert (tmp_path / "out" / "pair.json").read_bytes() == (tmp_path / "whole" / "pair.json").read_bytes()


def test_a_pair_killed_between_its_archives_goes_on(
    model: LoadedModel, solu: LoadedModel, corpus: str, tmp_path: Path
) -> None:
    models = {"gelu": model, "solu": solu}
    with pytest.raises(StoppedError):
        harvest_pair(models, corpus, tmp_path / "out", OPTIONS, stop_after(3))
    shutil.copytree(tmp_path / "out.partial", tmp_path / "checkpoint")
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, report_nothing)
    before = contents_by_name(tmp_path / "out" / "gelu")
    shutil.rmtree(tmp_path / "out" / "solu")
    (tmp_path / "checkpoint").rename(tmp_path / "out.partial")
    harvest_pair(models, corpus, tmp_path / "out", OPTIONS, report_nothing)
    assert contents_by_name(tmp_path / "out" / "gelu") == before


def test_a_harvest_does_not_go_on_with_other_options_or_another_text(model: LoadedModel, tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    shutil.copytree(ROOT / "app" / "foundation", folder)
    options = HarvestOptions(k=2, sample=50, window=70, save_every=0.0)
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", options, stop_after(1))
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", replace(options, k=3), report_nothing)
    for path in folder.glob("*.py"):
        path.write_text("# changed\n" + path.read_text())
    with pytest.raises(CorpusError, match="has changed since"):
        harvest_model(model, "tiny", str(folder), tmp_path / "out", options, report_nothing)


def test_a_damaged_checkpoint_is_named(model: LoadedModel, corpus: str, tmp_path: Path) -> None:
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, stop_after(2))
    state = tmp_path / "out.partial" / "state.npz"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(ArchiveError, match="is damaged; delete"):
        harvest_model(model, "tiny", corpus, tmp_path / "out", OPTIONS, report_nothing)


ROWS = np.random.default_rng(0).integers(0, 500, (1500, 12))
UNITS = torch.randn(500, 4, generator=torch.Generator().manual_seed(0))
FAST = HarvestOptions(k=3, sample=50, save_every=0.0).top_only()


def read_units(tokens: torch.Tensor) -> torch.Tensor:
    return UNITS[tokens]


def stop_harvest_of_rows(out: Path, save_every: float = 0.0) -> None:
    """Leave a checkpoint of four of six shards of ROWS."""
    with pytest.raises(StoppedError):
        harvest(read_units, ROWS, out, options=replace(FAST, save_every=save_every), progress=stop_after(4))


@pytest.mark.parametrize("save_every", [0.0, 1e9])
def test_a_harvest_of_fewer_rows_than_its_checkpoint_is_refused(tmp_path: Path, save_every: float) -> None:
    stop_harvest_of_rows(tmp_path / "out", save_every)
    with pytest.raises(CorpusError, match="has changed since"):
        harvest(
            read_units,
            ROWS[:512],
            tmp_path / "out",
            options=replace(FAST, save_every=save_every),
            progress=report_nothing,
        )
    assert not (tmp_path / "out").exists()


def test_a_file_that_became_shorter_since_the_checkpoint_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    lines = [f'{{"text": "document number {number} tells of thing {number}"}}\n' for number in range(800)]
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(lines))
    options = replace(FAST, window=70, save_every=1e9)
    with pytest.raises(StoppedError):
        harvest_model(model, "tiny", str(path), tmp_path / "out", options, stop_after(3))
    path.write_text("".join(lines[:256]))
    with pytest.raises(CorpusError, match="has changed since"):
        harvest_model(model, "tiny", str(path), tmp_path / "out", options, report_nothing)


@pytest.mark.parametrize("name", ["arm0-000002.npz", "windows-000001.npz"])
def test_a_lost_file_of_a_checkpoint_is_named(tmp_path: Path, name: str) -> None:
    stop_harvest_of_rows(tmp_path / "out")
    (tmp_path / "out.partial" / name).unlink()
    with pytest.raises(ArchiveError, match=f"has lost {name}; delete"):
        harvest(read_units, ROWS, tmp_path / "out", options=FAST, progress=report_nothing)
    assert not (tmp_path / "out").exists()


def test_a_callable_goes_on_and_ends_with_the_same_bytes(tmp_path: Path) -> None:
    stop_harvest_of_rows(tmp_path / "out")
    resumed = harvest(read_units, ROWS, tmp_path / "out", options=FAST, progress=report_nothing)
    uninterrupted_archive = harvest(read_units, ROWS, tmp_path / "whole", options=FAST, progress=report_nothing)
    assert resumed.sha256 == uninterrupted_archive.sha256


def test_a_harvest_does_not_go_on_with_another_function_or_vocabulary(tmp_path: Path) -> None:
    stop_harvest_of_rows(tmp_path / "out")
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest(lambda rows: -UNITS[rows], ROWS, tmp_path / "out", options=FAST, progress=report_nothing)
    words = Vocabulary(pieces=tuple(b"word" for _ in range(500)))
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest(read_units, ROWS, tmp_path / "out", vocabulary=words, options=FAST, progress=report_nothing)


def test_a_harvest_does_not_go_on_with_other_versions_of_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_harvest_of_rows(tmp_path / "out")
    monkeypatch.setattr("app.harvest.plan.version", lambda _: "0.0")
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest(read_units, ROWS, tmp_path / "out", options=FAST, progress=report_nothing)


def test_a_harvest_does_not_go_on_with_a_checkpoint_of_an_earlier_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("app.harvest.plan.STATE_VERSION", 1)
        stop_harvest_of_rows(tmp_path / "out")
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest(read_units, ROWS, tmp_path / "out", options=FAST, progress=report_nothing)


def test_a_harvest_does_not_go_on_with_other_special_tokens(tmp_path: Path) -> None:
    """One that is not in the first window, so that only the saved windows can tell."""
    stop_harvest_of_rows(tmp_path / "out")
    special = int(np.setdiff1d(ROWS[1], ROWS[0])[0])
    with pytest.raises(CorpusError, match="has changed since"):
        harvest(
            read_units,
            ROWS,
            tmp_path / "out",
            vocabulary=Vocabulary(special=(special,)),
            options=FAST,
            progress=report_nothing,
        )


def test_a_checkpoint_whose_plan_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "plan.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ArchiveError, match="beginning of another harvest"):
        harvest(read_units, ROWS, tmp_path / "out", options=FAST, progress=report_nothing)


def test_a_pair_killed_while_its_checkpoint_is_removed_is_complete(
    model: LoadedModel, texts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object) -> None:
        raise StoppedError

    monkeypatch.setattr("app.harvest.checkpoint.Checkpoint.remove", stop)
    options = replace(FAST, window=80)
    with pytest.raises(StoppedError):
        harvest_pair({"first": model, "second": model}, str(texts), tmp_path / "out", options, report_nothing)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"first", "second", "pair.json"}
