"""Bad input gets a sentence that says what to do, and nothing is lost or overwritten."""

from pathlib import Path
from typing import Any

import pytest

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError, CorpusError, ModelError, SettingsError
from app.harvest.options import HarvestOptions
from app.harvest.progress import silent
from app.harvest.run import harvest_model, harvest_pair
from app.models.model_folder import LoadedModel
from app.models.tokenizer import Tokenizer, train_tokenizer

SMALL = HarvestOptions(k=3, window=80, sample=50)


def harvest(model: LoadedModel, spec: Path | str, out: Path, options: HarvestOptions = SMALL) -> Archive:
    return harvest_model(model, "tiny", str(spec), out, options, silent)


def test_a_missing_corpus(model: LoadedModel, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="does not exist; name a file"):
        harvest(model, tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_text(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(CorpusError, match="holds no text"):
        harvest(model, tmp_path / "texts", tmp_path / "out")


def test_nothing_but_empty_and_binary_files(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "empty.txt").write_text("  \n")
    (tmp_path / "texts" / "binary.txt").write_bytes(b"\0\1\2" * 100)
    with pytest.raises(CorpusError, match="holds no text that can be read"):
        harvest(model, tmp_path / "texts", tmp_path / "out")


def test_a_line_that_is_not_json(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "lines.jsonl").write_text('{"text": "fine"}\n{"text": \n')
    with pytest.raises(CorpusError, match="line 2 is not JSON"):
        harvest(model, tmp_path / "lines.jsonl", tmp_path / "out")


def test_an_archive_that_is_there_is_not_overwritten(model: LoadedModel, archive: Archive, texts: Path) -> None:
    before = (archive.path / "manifest.json").read_bytes()
    with pytest.raises(ArchiveError, match="exists already"):
        harvest(model, texts, archive.path)
    assert (archive.path / "manifest.json").read_bytes() == before


def test_a_window_that_the_model_cannot_read_or_that_would_score_nothing(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    with pytest.raises(CorpusError, match="use at most 96"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=97))
    with pytest.raises(CorpusError, match="leaves none to score"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=65))


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"k": 0}, "k is 0; give a whole number, 1 or more"),
        ({"k": 2.5}, "k is 2.5; give a whole number"),
        ({"batch": 0}, "batch is 0"),
        ({"sample": 0}, "sample is 0"),
        ({"tokens": 0}, "tokens is 0"),
        ({"random": -1}, "random is -1; give a whole number, 0 or more"),
        ({"contrast": None}, "contrast is None"),
        ({"overlap": -1}, "overlap is -1"),
        ({"duplicate_span": -1}, "duplicate_span is -1"),
        ({"seed": 2**70}, "give a whole number from -4294967296 to 4294967296"),
        ({"dtype": "float16"}, "give one of float32, bfloat16"),
        ({"device": "tpu"}, "give one of cpu, cuda, auto"),
    ],
)
def test_a_value_that_cannot_be_used(asked: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        HarvestOptions(**asked)


def test_arms_must_be_there_and_have_names_of_folders(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="name at least one"):
        harvest_pair({}, str(texts), tmp_path / "out", SMALL, silent)
    for name in ("", "..", "a/b", "pair.json"):
        with pytest.raises(ModelError, match="give the model a plain name"):
            harvest_pair({name: model}, str(texts), tmp_path / "out", SMALL, silent)


def test_a_site_or_a_layer_that_the_model_does_not_have(model: LoadedModel, texts: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no site mlp\.post_ln"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=80, site="mlp.post_ln"))
    with pytest.raises(ModelError, match="layers 0 to 1"):
        harvest(model, texts, tmp_path / "out", HarvestOptions(window=80, layers=(2,)))


def test_arms_with_different_tokenizers_cannot_read_the_same_windows(
    model: LoadedModel, texts: Path, tmp_path: Path
) -> None:
    other = LoadedModel(model.transformer, _other_tokenizer(tmp_path), model.weights_sha256, tmp_path)
    with pytest.raises(ModelError, match="different tokenizers"):
        harvest_pair({"one": model, "two": other}, str(texts), tmp_path / "out", SMALL, silent)


def _other_tokenizer(folder: Path) -> Tokenizer:
    return train_tokenizer(["other words than those"], 400, folder / "tokenizer.json")


def test_documents_of_every_kind_survive(model: LoadedModel, tmp_path: Path) -> None:
    """Broken UTF-8, one long word without white space, control characters, an emoji cut by the end of the file."""
    folder = tmp_path / "texts"
    folder.mkdir()
    (folder / "broken.txt").write_bytes(b"\xff\xfe\xc3(" * 50)
    (folder / "long.txt").write_text("abcdefghij" * 20_000)
    (folder / "control.txt").write_bytes(bytes(range(1, 32)) * 20)
    (folder / "cut.txt").write_bytes(("word " * 100 + "😀").encode()[:-2])
    (folder / "one.txt").write_text("x")
    found = harvest(model, folder, tmp_path / "out")
    assert found.manifest.corpus.documents == 5
    assert found.manifest.counts.skipped_documents == 0
    found.verify()
    assert len(found.neurons()) == 48
