"""Archives: what is refused, what is found changed, and that other tools open them."""

import json
import shutil
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from app.archive.archive import Archive
from app.foundation.errors import ArchiveError
from tests.conftest import cannot_be_had


@pytest.fixture
def copy(archive: Archive, tmp_path: Path) -> Path:
    shutil.copytree(archive.path, tmp_path / "copy")
    return tmp_path / "copy"


def found_out(path: Path) -> str:
    with pytest.raises(ArchiveError) as caught:
        Archive.open(path).verify()
    return str(caught.value)


def test_an_untouched_copy_is_in_order_and_has_the_same_address(archive: Archive, copy: Path) -> None:
    Archive.open(copy).verify()
    assert Archive.open(copy).sha256 == archive.sha256
    assert len(archive.sha256) == 64


def test_every_changed_byte_of_the_manifest_is_found(copy: Path) -> None:
    path = copy / "manifest.json"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert "manifest.json" in found_out(copy)


@pytest.mark.parametrize("name", ["snippets.parquet", "neurons.parquet"])
def test_a_changed_byte_anywhere_in_a_table_is_found(copy: Path, name: str) -> None:
    path = copy / name
    whole = path.read_bytes()
    for place in [0, len(whole) - 1, *Random(1).sample(range(len(whole)), 100)]:
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        assert name in found_out(copy)


def test_a_byte_more_or_less_is_found(copy: Path) -> None:
    path = copy / "neurons.parquet"
    whole = path.read_bytes()
    for data in (whole + b"\0", whole[:-1], b""):
        path.write_bytes(data)
        assert "neurons.parquet" in found_out(copy)


def test_it_names_a_missing_file_and_a_surplus_one(copy: Path) -> None:
    (copy / "more.txt").write_text("x")
    assert "more.txt" in found_out(copy)
    (copy / "snippets.parquet").unlink()
    assert "snippets.parquet is missing" in found_out(copy)


def test_it_refuses_what_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is no archive"):
        Archive.open(tmp_path / "absent")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ArchiveError, match="cannot be used"):
        Archive.open(tmp_path)


def test_a_damaged_table_is_a_sentence_and_no_traceback(copy: Path) -> None:
    (copy / "neurons.parquet").write_bytes(b"PAR1 no longer")
    (copy / "snippets.parquet").write_bytes(b"")
    archive = Archive.open(copy)
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.neurons()
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.snippets(0, 0)


def test_it_says_which_neuron_does_not_exist(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="no neuron 24 in layer 1"):
        archive.snippets(1, 24)
    assert archive.snippets_by_neuron([]) == {}


def test_one_read_of_many_neurons_is_many_reads_of_one(archive: Archive) -> None:
    pairs = [(0, 3), (1, 20), (0, 3)]
    assert archive.snippets_by_neuron(pairs) == {pair: archive.snippets(*pair) for pair in pairs}


def test_pandas_opens_both_tables(archive: Archive) -> None:
    snippets = pd.read_parquet(archive.path / "snippets.parquet")
    neurons = pd.read_parquet(archive.path / "neurons.parquet")
    assert len(snippets) == archive.manifest.counts.snippets
    assert len(neurons) == archive.manifest.counts.neurons == 48
    row = snippets[
        (snippets.layer == 1) & (snippets.neuron == 5) & (snippets["group"] == "top") & (snippets["rank"] == 0)
    ].iloc[0]
    top = archive.snippets(1, 5)[0]
    assert row.pieces[row.peak] == top.pieces[top.peak]
    assert row.activations[row.peak] == row.peak_activation == top.peak_activation


@pytest.mark.slow
def test_the_datasets_library_opens_both_tables(archive: Archive, tmp_path: Path) -> None:
    try:
        from datasets import load_dataset
    except ImportError:
        cannot_be_had("the datasets library")
    tables = {
        name: load_dataset(
            "parquet", data_files=str(archive.path / f"{name}.parquet"), split="train", cache_dir=str(tmp_path)
        )
        for name in ("snippets", "neurons")
    }
    assert len(tables["snippets"]) == archive.manifest.counts.snippets
    assert len(tables["neurons"]) == archive.manifest.counts.neurons
    first, top = tables["snippets"][0], archive.snippets(0, 0)[0]
    assert (first["layer"], first["neuron"], first["group"], first["rank"]) == (0, 0, "top", 0)
    assert tuple(first["pieces"]) == top.pieces
    assert tuple(first["activations"]) == top.activations


def test_special_tokens_are_left_out_of_snippets(archive: Archive) -> None:
    for snippet in archive.snippets(0, 1):
        assert b"<|bos|>" not in snippet.pieces
        assert len(snippet.pieces) == len(snippet.activations)


def test_the_manifest_says_what_was_harvested(archive: Archive) -> None:
    written = json.loads((archive.path / "manifest.json").read_text())
    assert written["model"]["activation"] == "gelu"
    assert written["corpus"]["spec"].endswith(archive.manifest.corpus.spec)
    assert written["counts"]["skipped_documents"] == 1
    assert written["counts"]["live"] + written["counts"]["dead"] == 48
    assert {"torch", "numpy", "pyarrow", "tokenizers", "firstglance"} <= written["versions"].keys()
