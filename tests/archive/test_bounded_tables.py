"""A small archive that would become a large one in memory is refused before it is read; honest ones are not."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.archive.archive import Archive, find_archives, manifest_bytes
from app.archive.manifest import Manifest
from app.archive.neuron import NeuronKey
from app.archive.tables import NEURON_SCHEMA, SNIPPET_SCHEMA
from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError

RELEASED = sorted((Path(__file__).parent.parent / "data" / "released").glob("*/archives/*"))
ROWS_OF_A_BOMB = 4_000_000


def rewritten(archive: Archive, folder: Path, table: str, new_table: pa.Table, *, counted: bool) -> Archive:
    """An archive with one table exchanged; if `counted`, its manifest allows as many rows as there may be."""
    folder.mkdir()
    for name in archive.manifest.files:
        (folder / name).write_bytes((archive.path / name).read_bytes())
    pq.write_table(new_table, folder / table, compression="zstd")
    manifest = archive.manifest
    changes: dict[str, object] = {"files": {name: sha256_of_file(folder / name) for name in manifest.files}}
    if counted:
        changes["counts"] = manifest.counts.model_copy(update={"neurons": 10**9, "snippets": 10**9})
        changes["model"] = manifest.model.model_copy(update={"d_mlp": 10**9})
    changed: Manifest = manifest.model_copy(update=changes).with_address()
    (folder / "manifest.json").write_bytes(manifest_bytes(changed))
    return Archive.open(folder)


def repeated_row(table: pa.Table) -> pa.Table:
    """The table's first row many times, with lists of one element."""
    columns = []
    for field in table.schema:
        column = table[field.name].combine_chunks()
        if pa.types.is_list(field.type):
            offsets = pa.array(np.arange(ROWS_OF_A_BOMB + 1, dtype=np.int32))
            columns.append(pa.ListArray.from_arrays(offsets, repeated(column.flatten())).cast(field.type))
        else:
            columns.append(repeated(column))
    return pa.table(columns, schema=table.schema)


def repeated(array: pa.Array) -> pa.Array:
    if not len(array):
        return pa.nulls(ROWS_OF_A_BOMB, array.type)
    return array.take(pa.array(np.zeros(ROWS_OF_A_BOMB, np.int32)))


def with_a_long_piece(table: pa.Table) -> pa.Table:
    """The table of snippets, in which all pieces are the same text of a megabyte."""
    lists = table["pieces"].combine_chunks()
    numbers = pa.array(np.zeros(len(lists.flatten()), np.int32))
    pieces = pa.DictionaryArray.from_arrays(numbers, pa.array([b"a" * (1 << 20)]))
    index = table.schema.get_field_index("pieces")
    return table.set_column(index, "pieces", pa.ListArray.from_arrays(lists.offsets, pieces))


@pytest.fixture(scope="module")
def many_snippets(archive: Archive) -> pa.Table:
    few = ["layer", "neuron", "group", "rank", "band", "window", "peak", "peak_activation", "pieces", "activations"]
    return repeated_row(pq.read_table(archive.path / "snippets.parquet").select(few).cast(SNIPPET_SCHEMA))


def neuron_keys(archive: Archive) -> Iterator[NeuronKey]:
    model = archive.manifest.model
    return ((layer, index) for layer in range(model.n_layers) for index in range(model.d_mlp))


@pytest.mark.parametrize("counted", [False, True])
def test_a_small_table_of_very_many_equal_rows_is_not_read(
    archive: Archive, many_snippets: pa.Table, tmp_path: Path, counted: bool
) -> None:
    """Whether the manifest admits that there are so many or not."""
    bomb = rewritten(archive, tmp_path / "bomb", "snippets.parquet", many_snippets, counted=counted)
    assert (bomb.path / "snippets.parquet").stat().st_size < 8 << 20
    reason = r"it says that [\d,]+ bytes are 40,000,000 values" if counted else r"4,000,000 rows, and its manifest"
    with pytest.raises(ArchiveError, match=f"snippets.parquet cannot be read .*{reason}.*harvest again"):
        bomb.snippets(0, 0)


def test_a_table_of_more_neurons_than_the_model_has_is_not_read(archive: Archive, tmp_path: Path) -> None:
    neurons = pq.read_table(archive.path / "neurons.parquet").cast(NEURON_SCHEMA)
    more = rewritten(archive, tmp_path / "a", "neurons.parquet", pa.concat_tables([neurons] * 2), counted=False)
    with pytest.raises(ArchiveError, match="96 rows, and its manifest allows 48"):
        more.neurons()


def test_a_text_that_repeats_is_not_written_out_as_often_as_it_is_there(archive: Archive, tmp_path: Path) -> None:
    snippets = pq.read_table(archive.path / "snippets.parquet").cast(SNIPPET_SCHEMA)
    bomb = rewritten(archive, tmp_path / "bomb", "snippets.parquet", with_a_long_piece(snippets), counted=False)
    with pytest.raises(ArchiveError, match=r"snippets.parquet cannot be read \(its [\d,]+ bytes become [\d,]+ when"):
        bomb.snippets_by_neuron(neuron_keys(bomb))


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: f"{path.parent.parent.name} {path.name}")
def test_archives_of_released_versions_are_read(path: Path) -> None:
    archive = Archive.open(path)
    assert len(archive.neurons()) == archive.manifest.counts.neurons
    snippets = archive.snippets_by_neuron(neuron_keys(archive))
    assert sum(map(len, snippets.values())) == archive.manifest.counts.snippets


def test_a_manifest_without_end_does_not_hide_the_archives_beside_it(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "good").symlink_to(archive.path)
    for name in ("device", "huge", "nested"):
        (tmp_path / name).mkdir()
    (tmp_path / "device" / "manifest.json").symlink_to("/dev/zero")
    (tmp_path / "nested" / "manifest.json").write_bytes(b"[" * 200_000)
    with (tmp_path / "huge" / "manifest.json").open("wb") as file:
        file.truncate(20 << 30)
    parts = list(find_archives(tmp_path))
    assert [part.path for part in parts if isinstance(part, Archive)] == [tmp_path / "good"]
    refusals = [str(part) for part in parts if isinstance(part, ArchiveError)]
    assert len(refusals) == 3
    assert all("harvest again" in refusal or "is missing" in refusal for refusal in refusals)
