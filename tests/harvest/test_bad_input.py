"""Bad input is refused with a sentence that says what to do; nothing is lost or overwritten."""

import resource
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError, ModelError
from app.harvest.harvests import harvest_model, harvest_pair
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.models.model_folder import LoadedModel
from app.models.tokenizer import Tokenizer, train_tokenizer

SMALL = HarvestOptions(k=3, window=80, sample=50, batch_size=32)


def harvest(model: LoadedModel, spec: Path | str, out: Path, options: HarvestOptions = SMALL) -> Archive:
    return harvest_model(model, "tiny", str(spec), out, options, report_nothing)


def test_a_missing_corpus_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist; name a file"):
        harvest(model, tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_text_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(CorpusError, match="holds no text"):
        harvest(model, tmp_path / "texts", tmp_path / "out")


def test_a_folder_of_empty_and_binary_files_is_refused(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "empty.txt").write_text("  \n")
    (tmp_path / "texts" / "binary.txt").write_bytes(b"\0\1\2" * 100)
    with pytest.raises(CorpusError, match="holds no text that can be read"):
        harvest(model, tmp_path / "texts", tmp_path / "out")


def test_a_line_that_is_not_json_is_named(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"text": "fine"}\n{"text": \n')
    with pytest.raises(CorpusError, match="line 2 is not JSON"):
        harvest(model, tmp_path / "lines.jsonl", tmp_path / "out")


def test_an_archive_that_is_there_is_not_overwritten(model: LoadedModel, archive: Archive, texts: Path) -> None:
    before = (archive.path / "manifest.json").read_bytes()
    with pytest.raises(ArchiveError, match="exists already"):
        harvest(model, texts, archive.path)
    assert (archive.path / "manifest.json").read_bytes() == before


def test_a_window_that_is_too_long_for_the_model_or_would_score_nothing_is_refused(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="use at most 96"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=97))
    with pytest.raises(CorpusError, match="leaves none to score"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=65))


def test_a_harvest_without_models_or_with_names_that_no_folder_can_have_is_refused(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="name at least one"):
        harvest_pair({}, str(texts), tmp_path / "out", SMALL, report_nothing)
    for name in ("", "..", "a/b", "pair.json"):
        with pytest.raises(ModelError, match="give the model a plain name"):
            harvest_pair({name: model}, str(texts), tmp_path / "out", SMALL, report_nothing)


def test_a_site_or_a_layer_that_the_model_does_not_have_is_refused(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match=r"no site mlp\.post_ln"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=80, site="mlp.post_ln"))
    with pytest.raises(ModelError, match="layers 0 to 1"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=80, layers=(2,)))


def test_arms_with_different_tokenizers_cannot_read_the_same_windows(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    model_with_another_tokenizer = LoadedModel(
        model.transformer, train_on_few_words(tmp_path), model.weights_sha256, tmp_path
    )
    with pytest.raises(ModelError, match="different tokenizers"):
        harvest_pair(
            {"first": model, "second": model_with_another_tokenizer},
            str(texts),
            tmp_path / "out",
            SMALL,
            report_nothing,
        )


def train_on_few_words(folder: Path) -> Tokenizer:
    return train_tokenizer(["other words than those"], 400, folder / "tokenizer.json")


def test_documents_of_every_kind_are_harvested(model: LoadedModel, tmp_path: Path) -> None:
    """Broken UTF-8, one long word without white space, control characters, an emoji cut by the end of the file."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "broken.txt").write_bytes(b"\xff\xfe\xc3(" * 50)
    (folder / "long.txt").write_text("abcdefghij" * 20_000)
    (folder / "control.txt").write_bytes(bytes(range(1, 32)) * 20)
    (folder / "cut.txt").write_bytes(("word " * 100 + "😀").encode()[:-2])
    (folder / "one.txt").write_text("x")
    archive = harvest(model, folder, tmp_path / "out", replace(SMALL, overlap=8))
    assert archive.manifest.corpus.documents == 5
    assert archive.manifest.counts.skipped_documents == 0
    archive.verify()
    assert len(archive.neurons()) == 48


def test_a_file_that_cannot_be_read_is_named(model: LoadedModel, tmp_path: Path) -> None:
    """Reading a process's memory from its beginning fails, also for root."""
    memory = Path("/proc/self/mem")
    if not memory.exists():
        memory = tmp_path
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "unreadable.txt").symlink_to(memory)
    with pytest.raises(CorpusError, match=r"unreadable\.txt cannot be read|holds no text"):
        harvest(model, tmp_path / "texts", tmp_path / "out", HarvestOptions(window=80))
    assert not (tmp_path / "out.partial").exists()


@pytest.fixture
def _small_files() -> Iterator[None]:
    """No file may grow beyond 20 kB, which a program meets like a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_small_files")
def test_a_full_disk_is_explained_and_nothing_is_lost(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    options = SMALL.top_only()
    with pytest.raises(ArchiveError, match="make room and run the same command to go on"):
        harvest(model, texts, tmp_path / "out", options)
    assert not (tmp_path / "out").exists()
    resource.setrlimit(resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE)[1:] * 2)
    harvest(model, texts, tmp_path / "out", options).verify()
