"""Damaged archives are refused, changed bytes are noticed, and other tools can open the tables."""

import shutil
from pathlib import Path
from random import Random

import pandas as pd
import pytest

from app.archive.archive import Archive, find_archives, manifest_bytes
from app.foundation.errors import ArchiveError
from tests.conftest import skip_or_fail_without


@pytest.fixture
def copy(archive: Archive, tmp_path: Path) -> Path:
    shutil.copytree(archive.path, tmp_path / "copy")
    return tmp_path / "copy"


def refusal(path: Path) -> str:
    """Why an archive is not accepted."""
    with pytest.raises(ArchiveError) as caught:
        Archive.open(path).verify()
    return str(caught.value)


def test_an_unchanged_copy_is_verified_and_has_the_same_address(archive: Archive, copy: Path) -> None:
    Archive.open(copy).verify()
    assert Archive.open(copy).sha256 == archive.sha256
    assert len(archive.sha256) == 64


def test_every_changed_byte_of_the_manifest_is_noticed(copy: Path) -> None:
    path = copy / "manifest.json"
    content = path.read_bytes()
    for index in range(len(content)):
        path.write_bytes(content[:index] + bytes([content[index] ^ 1]) + content[index + 1 :])
        assert "manifest.json" in refusal(copy)


@pytest.mark.parametrize("name", ["snippets.parquet", "neurons.parquet"])
def test_a_changed_byte_anywhere_in_a_table_is_noticed(copy: Path, name: str) -> None:
    path = copy / name
    content = path.read_bytes()
    for index in [0, len(content) - 1, *Random(1).sample(range(len(content)), 100)]:
        path.write_bytes(content[:index] + bytes([content[index] ^ 0x10]) + content[index + 1 :])
        assert name in refusal(copy)


def test_a_byte_too_many_or_too_few_is_noticed(copy: Path) -> None:
    path = copy / "neurons.parquet"
    content = path.read_bytes()
    for changed in (content + b"\0", content[:-1], b""):
        path.write_bytes(changed)
        assert "neurons.parquet" in refusal(copy)


def test_a_missing_file_and_a_surplus_one_are_named(copy: Path) -> None:
    (copy / "more.txt").write_text("x")
    assert "more.txt" in refusal(copy)
    (copy / "snippets.parquet").unlink()
    assert "snippets.parquet is missing" in refusal(copy)


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "._snippets.parquet"])
def test_what_operating_systems_leave_in_a_folder_changes_no_archive(copy: Path, name: str) -> None:
    (copy / name).write_text("x")
    Archive.open(copy).verify()


def test_the_files_of_a_harvest_can_be_checked_whatever_lies_beside_them(copy: Path) -> None:
    (copy / "README.md").write_text("from a friend")
    archive = Archive.open(copy)
    archive.verify_harvested_files()
    (copy / "neurons.parquet").write_bytes(b"PAR1 no longer")
    with pytest.raises(ArchiveError, match="has been changed since the harvest"):
        archive.verify_harvested_files()


def test_archives_are_found_below_links_and_each_of_them_once(archive: Archive, tmp_path: Path) -> None:
    for name in ("b", "a/deeper", ".hidden"):
        shutil.copytree(archive.path, tmp_path / "folder" / name)
    shutil.copytree(archive.path, tmp_path / "elsewhere" / "c")
    (tmp_path / "folder" / "0").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "folder" / "a" / "loop").symlink_to(tmp_path / "folder")
    (tmp_path / "folder" / "1").symlink_to(tmp_path / "folder" / "b")
    paths = [part.path for part in find_archives(tmp_path / "folder") if isinstance(part, Archive)]
    assert paths == [tmp_path / "folder" / name for name in ("0/c", "a/deeper", "b")]
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    assert len([*find_archives(tmp_path / "link")]) == 3


def test_a_folder_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="is no archive"):
        Archive.open(tmp_path / "absent")
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ArchiveError, match="cannot be used"):
        Archive.open(tmp_path)


@pytest.mark.parametrize("table", ["neurons.parquet", "snippets.parquet"])
def test_an_archive_whose_manifest_does_not_list_a_table_is_refused_however_it_is_opened(
    copy: Path, table: str
) -> None:
    """The address would not fix that table: its rows could be exchanged once the draw is known."""
    manifest = Archive.open(copy).manifest
    files = {name: digest for name, digest in manifest.files.items() if name != table}
    (copy / "manifest.json").write_bytes(manifest_bytes(manifest.model_copy(update={"files": files}).with_address()))
    sentence = f"{copy} is no archive: its manifest.json does not list {table}; harvest again"
    with pytest.raises(ArchiveError) as caught:
        Archive.open(copy)
    assert str(caught.value) == sentence
    assert [str(part) for part in find_archives(copy)] == [sentence]


def test_a_damaged_table_is_refused_with_a_sentence(copy: Path) -> None:
    (copy / "neurons.parquet").write_bytes(b"PAR1 no longer")
    (copy / "snippets.parquet").write_bytes(b"")
    archive = Archive.open(copy)
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.neurons()
    with pytest.raises(ArchiveError, match="cannot be read"):
        archive.snippets(0, 0)


def test_a_neuron_that_does_not_exist_is_named(archive: Archive) -> None:
    with pytest.raises(ArchiveError, match="no neuron 24 in layer 1"):
        archive.snippets(1, 24)
    assert archive.snippets_by_neuron([]) == {}


def test_reading_many_neurons_at_once_gives_the_snippets_of_reading_each_alone(archive: Archive) -> None:
    keys = [(0, 3), (1, 20), (0, 3)]
    assert archive.snippets_by_neuron(keys) == {key: archive.snippets(*key) for key in keys}


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
        skip_or_fail_without("the datasets library")
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


def test_an_archive_that_was_moved_or_lost_its_manifest_is_refused_with_a_sentence(copy: Path) -> None:
    opened = Archive.open(copy)
    (copy / "manifest.json").unlink()
    with pytest.raises(ArchiveError, match=r"manifest\.json has been changed since the harvest"):
        opened.verify()
    copy.rename(copy.with_name("elsewhere"))
    with pytest.raises(ArchiveError, match=r"there is no archive at .* any more; give its new place"):
        opened.verify()
