"""A Parquet table of an archive that somebody else may have made: a small file that would fill the memory is refused.

Parquet says millions of equal rows, or a long text that repeats, in a few bytes. What the file itself states of its
rows, values and sizes is compared with what a harvest writes before any row is read; texts that repeat are held once.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.foundation.errors import ArchiveError, error_summary

SMALL_VALUE_COUNT = 1 << 24
"""So many values fit into any memory, however few bytes they take in the file."""
SMALL_SIZE = 64 << 20
"""So many bytes fit into any memory, however few they are in the file."""
MOST_TIMES_AS_LARGE = 16
"""A table that a harvest wrote never becomes so many times as large when its values are unpacked."""


def read_bounded_table(
    path: Path, schema: pa.Schema, condition: pc.Expression | None, most_rows: int, values_per_byte: int
) -> pa.Table:
    """The rows for which `condition` is true, or all, in the columns of `schema`; others are left out.

    Raises ArchiveError if the table cannot be read, a column is missing, of another type, or has no value in a row, if
    it has more than `most_rows` rows, or if it would take more memory than its file's size explains.
    """
    try:
        _require_honest_size(path, schema, most_rows, values_per_byte)
        table = _read_texts_once(path, schema, condition)
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged_table(path, error_summary(error)) from error
    incomplete = next((name for name in schema.names if any(map(_has_nulls, table[name].chunks))), None)
    if incomplete is not None:
        raise damaged_table(path, f"its column {incomplete} lacks values")
    return table


def damaged_table(path: Path, reason: str) -> ArchiveError:
    """The error for a table that cannot be used."""
    return ArchiveError(f"{path} cannot be read ({reason}); the archive is damaged, copy it again or harvest again")


def _require_honest_size(path: Path, schema: pa.Schema, most_rows: int, values_per_byte: int) -> None:
    """Raise ArchiveError if the file states more rows, values or bytes than a harvest puts into a file of its size."""
    metadata, file_size = pq.read_metadata(path), path.stat().st_size
    if metadata.num_rows > most_rows:
        raise damaged_table(path, f"it has {metadata.num_rows:,} rows, and its manifest allows {most_rows:,}")
    row_groups = map(metadata.row_group, range(metadata.num_row_groups))
    chunks = [group.column(index) for group in row_groups for index in range(group.num_columns)]
    chunks = [chunk for chunk in chunks if chunk.path_in_schema.split(".")[0] in schema.names]
    value_count = sum(chunk.num_values for chunk in chunks)
    if value_count > max(SMALL_VALUE_COUNT, values_per_byte * file_size):
        raise damaged_table(path, f"it says that {file_size:,} bytes are {value_count:,} values")
    _require_size(path, sum(chunk.total_uncompressed_size for chunk in chunks))


def _read_texts_once(path: Path, schema: pa.Schema, condition: pc.Expression | None) -> pa.Table:
    """The table with texts as numbers of a dictionary; raise ArchiveError if they are too long to be written out."""
    columns = pq.read_metadata(path).schema
    leaves = [columns.column(index) for index in range(len(columns))]
    texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    table = pq.read_table(path, columns=schema.names, filters=condition, read_dictionary=texts, partitioning=None)
    _require_size(path, sum(_unpacked_size(chunk) for column in table.columns for chunk in column.chunks))
    return table


def _require_size(path: Path, unpacked_size: int) -> None:
    file_size = path.stat().st_size
    if unpacked_size > max(SMALL_SIZE, MOST_TIMES_AS_LARGE * file_size):
        raise damaged_table(path, f"its {file_size:,} bytes become {unpacked_size:,} when they are unpacked")


def _unpacked_size(array: pa.Array) -> int:
    """The bytes of an array's values, each text counted as often as it is there."""
    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary).cast(pa.int64())
        return int(pc.sum(lengths.take(array.indices), min_count=0).as_py())
    if pa.types.is_list(array.type):
        return _unpacked_size(array.flatten())
    if pa.types.is_struct(array.type):
        return sum(map(_unpacked_size, array.flatten()))
    return int(array.nbytes)


def _has_nulls(array: pa.Array) -> bool:
    """Whether a value is missing, in the lists and records of the column too."""
    if array.null_count:
        return True
    if pa.types.is_list(array.type):
        return _has_nulls(array.flatten())
    return pa.types.is_struct(array.type) and any(map(_has_nulls, array.flatten()))
