"""Archives that somebody else wrote, with digests that fit: each table and manifest is used or refused in words."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.archive.archive import Archive, manifest_bytes
from app.archive.manifest import Manifest
from app.archive.tables import NEURON_SCHEMA, NEURONS_TABLE, SNIPPET_SCHEMA, SNIPPETS_TABLE
from app.foundation.digest import sha256_of_file
from app.foundation.errors import ArchiveError

COLUMNS = [(NEURONS_TABLE, name) for name in NEURON_SCHEMA.names] + [
    (SNIPPETS_TABLE, name) for name in SNIPPET_SCHEMA.names
]
LIVE = (0, 2)
"""A neuron of the archive that is not dead."""
HOSTILE_NUMBERS: dict[str, float] = {
    "a number beyond any JSON": 10**400,
    "more than 53 bits": 2**60,
    "no number": float("nan"),
    "infinite": float("-inf"),
}
LEADING_OUT = ["../../etc/passwd", "/etc/passwd", "C:\\secrets", "a/../../b", "a\0b", "half \ud800", ""]


@pytest.fixture(scope="module")
def folder(plum_archive: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(plum_archive.path, tmp_path_factory.mktemp("hostile") / "plum"))


@pytest.fixture
def change(folder: Path, plum_archive: Archive) -> Iterator[Callable[[str, pa.Table], Archive]]:
    """A function that exchanges a table of the archive and corrects its manifest; all is as before after the test."""

    def change_table(table_name: str, table: pa.Table) -> Archive:
        pq.write_table(table, folder / table_name)
        digests = {name: sha256_of_file(folder / name) for name in (NEURONS_TABLE, SNIPPETS_TABLE)}
        manifest = plum_archive.manifest.model_copy(update={"files": digests}).with_address()
        (folder / "manifest.json").write_bytes(manifest_bytes(manifest))
        return Archive.open(folder)

    yield change_table
    shutil.copytree(plum_archive.path, folder, dirs_exist_ok=True)


def read_all(archive: Archive) -> None:
    """Read both tables, as a round does."""
    archive.verify()
    archive.neurons()
    archive.snippets(*LIVE)


def variants(table: pa.Table, column: str) -> Iterator[pa.Table]:
    """The table without the column, without values in it or in its lists, and with values of another type."""
    index, row_count = table.schema.get_field_index(column), table.num_rows
    kind = table.schema.field(column).type
    yield table.drop([column])
    is_key_of_snippets = column == "neuron" or (column == "layer" and "neuron" in table.schema.names)
    if not is_key_of_snippets:  # a snippet of no neuron is never read
        yield table.set_column(index, column, pa.nulls(row_count, kind))
    if pa.types.is_list(kind):
        yield table.set_column(index, column, pa.array([[None]] * row_count, kind))
    if not pa.types.is_string(kind):
        yield table.set_column(index, column, pa.array(["{0}"] * row_count))


@pytest.mark.parametrize(("table_name", "column"), COLUMNS)
def test_a_table_with_a_hostile_column_is_refused(
    table_name: str, column: str, change: Callable[[str, pa.Table], Archive], plum_archive: Archive
) -> None:
    for table in variants(pq.read_table(plum_archive.path / table_name), column):
        archive = change(table_name, table)
        with pytest.raises(ArchiveError, match=f"{table_name} cannot be read"):
            read_all(archive)


@pytest.mark.parametrize(("column", "value"), [("peak", -1), ("peak", 10**9), ("group", "best"), ("pieces", [b"a"])])
def test_a_snippet_without_an_activation_at_its_peak_is_refused(
    column: str, value: object, change: Callable[[str, pa.Table], Archive], plum_archive: Archive
) -> None:
    table = pq.read_table(plum_archive.path / SNIPPETS_TABLE)
    index, kind = table.schema.get_field_index(column), table.schema.field(column).type
    archive = change(SNIPPETS_TABLE, table.set_column(index, column, pa.array([value] * table.num_rows, kind)))
    with pytest.raises(ArchiveError, match="no activation at its peak"):
        read_all(archive)


def test_columns_that_a_later_version_may_add_are_left_out(
    change: Callable[[str, pa.Table], Archive], plum_archive: Archive
) -> None:
    table = pq.read_table(plum_archive.path / NEURONS_TABLE)
    archive = change(NEURONS_TABLE, table.append_column("more", pa.array([1] * table.num_rows)))
    assert archive.neurons() == plum_archive.neurons()


@pytest.mark.parametrize("key", ["seed", "sample_bound"])
@pytest.mark.parametrize("number", HOSTILE_NUMBERS.values(), ids=HOSTILE_NUMBERS)
def test_a_manifest_with_a_number_of_which_no_digest_can_be_made_is_refused(
    key: str, number: float, plum_archive: Archive, tmp_path: Path
) -> None:
    content = json.loads((plum_archive.path / "manifest.json").read_bytes())
    (tmp_path / "manifest.json").write_text(json.dumps(content | {key: number}))
    with pytest.raises(ArchiveError, match=r"manifest\.json cannot be used|has been changed"):
        Archive.open(tmp_path)


@pytest.mark.parametrize("name", LEADING_OUT, ids=ascii)
def test_a_manifest_lists_no_file_outside_its_folder(name: str, plum_archive: Archive, tmp_path: Path) -> None:
    """Its digest would say whether a file of this machine has a certain content."""
    content = plum_archive.manifest.model_dump()
    content["files"] |= {name: "0" * 64}
    try:
        manifest = Manifest.model_validate(content).with_address()
    except ValueError:  # no digest can be made of half a character
        manifest = Manifest.model_validate(content)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest.model_dump()))
    with pytest.raises(ArchiveError, match=r"which is no file in it|cannot be used"):
        Archive.open(tmp_path)
