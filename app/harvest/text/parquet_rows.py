"""The texts of a Parquet table, read as a stream. A small file may repeat a long text: it is written out row by row."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from app.foundation.documents import LONGEST_ROW, TEXT_KEY, row_too_long
from app.foundation.errors import CorpusError

TEXT_TYPES = {
    pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view(),
}  # fmt: skip
ROWS_AT_ONCE = 256
SMALL_PART, MOST_TIMES_AS_LARGE = 256 << 20, 100
"""So many bytes of a table fit into the memory; and text is hardly packed into a hundredth."""


def stream_table(path: Path, file_name: str) -> Iterator[tuple[int, str | None]]:
    """(number, text) of each row of a Parquet table, some rows in memory at a time; texts that repeat are held once.

    Raises CorpusError if there is no column `text`, or if a row, or what is read of the file at once, is too large.
    """
    with path.open("rb") as table_file:
        metadata = pq.read_metadata(table_file)
        schema = metadata.schema.to_arrow_schema()
        if TEXT_KEY not in schema.names:
            msg = f"{file_name} has no column {TEXT_KEY}; rename the column that holds the documents"
            raise CorpusError(msg)
        if not _is_text(schema.types[schema.names.index(TEXT_KEY)]):
            yield from ((number, None) for number in range(1, metadata.num_rows + 1))
            return
        _require_honest_size(metadata, file_name)
        texts = (text for column in _text_columns(table_file, metadata) for text in _texts_of_column(column))
        for number, text in enumerate(texts, start=1):
            if text is not None and len(text) > LONGEST_ROW:
                raise row_too_long(file_name, f"row {number}")
            yield number, None if text is None else text.decode("utf-8", errors="replace")


def _text_columns(table_file: IO[bytes], metadata: pq.FileMetaData) -> Iterator[pa.Array]:
    """The column of texts, some rows at a time."""
    if any(encoding.startswith("DELTA") for chunk in _text_chunks(metadata) for encoding in chunk.encodings):
        file, rows_at_once = pq.ParquetFile(table_file, metadata=metadata), 1  # Arrow makes no dictionary of these
    else:
        file, rows_at_once = pq.ParquetFile(table_file, metadata=metadata, read_dictionary=[TEXT_KEY]), ROWS_AT_ONCE
    for batch in file.iter_batches(batch_size=rows_at_once, columns=[TEXT_KEY]):
        yield batch.column(0)


def _require_honest_size(metadata: pq.FileMetaData, file_name: str) -> None:
    """Raise CorpusError if a part of the column of texts, as the file states it, would fill the memory."""
    for chunk in _text_chunks(metadata):
        most_bytes = max(SMALL_PART, MOST_TIMES_AS_LARGE * chunk.total_compressed_size)
        if chunk.total_uncompressed_size > most_bytes:
            msg = (
                f"{file_name} says that {chunk.total_compressed_size:,} bytes of it become "
                f"{chunk.total_uncompressed_size:,}, more than text does; write it anew, in smaller row groups, or "
                "leave it out"
            )
            raise CorpusError(msg)


def _text_chunks(metadata: pq.FileMetaData) -> list[pq.ColumnChunkMetaData]:
    """The parts of the column of texts, one for each group of rows."""
    row_groups = map(metadata.row_group, range(metadata.num_row_groups))
    chunks = [group.column(index) for group in row_groups for index in range(group.num_columns)]
    return [chunk for chunk in chunks if chunk.path_in_schema == TEXT_KEY]


def _texts_of_column(column: pa.Array) -> Iterator[bytes | None]:
    """The bytes of each text of a column, one at a time; None for a value that is missing."""
    if not pa.types.is_dictionary(column.type):
        yield from _text_as_bytes(column).to_pylist()
        return
    texts = _text_as_bytes(column.dictionary)
    yield from (None if index is None else texts[index].as_py() for index in column.indices.to_pylist())


def _is_text(column_type: pa.DataType) -> bool:
    """Whether the values of a column are texts, or bytes."""
    value_type = column_type.value_type if pa.types.is_dictionary(column_type) else column_type
    return value_type in TEXT_TYPES or pa.types.is_fixed_size_binary(value_type)


def _text_as_bytes(column: pa.Array) -> pa.Array:
    """A column of text as bytes, because they may not be UTF-8 although the file says so."""
    if pa.types.is_large_string(column.type):
        return column.cast(pa.large_binary())
    is_text = pa.types.is_string(column.type) or pa.types.is_string_view(column.type)
    return column.cast(pa.binary()) if is_text else column
