"""A small file that would become a large text in memory, or has no end, is refused; large texts are read in parts."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.foundation.documents import LONGEST_ROW, Document, read_documents
from app.foundation.errors import CorpusError
from app.harvest.text import datasets, parquet_rows
from app.harvest.text.formats import MOST_BLANKS, LongDocument, stream_documents
from tests.harvest.windows_of_text import read_windows, texts_of_windows

MEGABYTE = 1 << 20


def refusal(path: Path) -> str:
    """Why a file is not read."""
    with pytest.raises(CorpusError) as caught:
        list(stream_documents(path, path.name))
    return str(caught.value)


@pytest.mark.parametrize("beginning", [b"", b'{"text": "', b'{"text": "short", "more": ['])
def test_a_line_that_would_fill_the_memory_is_refused_by_its_number(tmp_path: Path, beginning: bytes) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "fine"}\n' + beginning)
        for _ in range(LONGEST_ROW // MEGABYTE + 1):
            file.write(b"[],[" * (MEGABYTE // 4))
    assert path.stat().st_size < MEGABYTE
    assert f"{path} line 2 has more than {LONGEST_ROW:,} bytes; split what it holds, or make it" in refusal(path)


def test_a_line_of_training_text_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": "a" * LONGEST_ROW}) + "\n")
    with pytest.raises(CorpusError, match=r"a.jsonl line 1 has more than [\d,]+ bytes"):
        list(read_documents([path], tmp_path))


def test_a_row_of_a_table_that_would_fill_the_memory_is_refused_by_its_number(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["fine", "a" * (LONGEST_ROW + 1)]}), tmp_path / "a.parquet", compression="zstd")
    assert f"a.parquet row 2 has more than {LONGEST_ROW:,} bytes" in refusal(tmp_path / "a.parquet")


def test_a_long_text_that_repeats_in_a_small_table_is_written_out_row_by_row(tmp_path: Path) -> None:
    """20,000 rows of 16 megabytes, in two kilobytes."""
    text = "hello world " * 1_400_000
    rows = pa.DictionaryArray.from_arrays(pa.array([0] * 20_000, pa.int32()), pa.array([text]))
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": rows}), path, compression="zstd")
    assert path.stat().st_size < 10_000
    documents = list(islice(stream_documents(path, "a"), 2))
    assert documents == [Document("a:1", text), Document("a:2", text)]


def test_a_table_whose_texts_are_packed_into_next_to_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet_rows, "SMALL_PART", MEGABYTE)
    texts = ["a" * MEGABYTE + str(number) for number in range(10)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "a.parquet", compression="zstd", use_dictionary=False)
    assert "more than text does; write it anew" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY", "PLAIN"])
def test_a_table_may_store_its_text_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    table, path = pa.table({"text": ["first", "second", None, "first"]}), tmp_path / "a.parquet"
    pq.write_table(table, path, use_dictionary=False, column_encoding={"text": encoding})
    assert texts_of_windows(read_windows(path)) == ["first", "second", "first"]


def test_a_table_whose_column_of_text_holds_no_texts_is_never_written_out(tmp_path: Path) -> None:
    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 2_000, pa.int32()), pa.array(["a" * 4 * MEGABYTE]))
    lists = pa.ListArray.from_arrays(pa.array(range(2_001), pa.int32()), texts)
    pq.write_table(pa.table({"text": lists}), tmp_path / "a.parquet", compression="zstd")
    assert list(stream_documents(tmp_path / "a.parquet", "a")) == [None] * 2_000


@pytest.mark.parametrize("kind", ["table", "lines", "text"])
def test_a_file_that_goes_on_and_on_without_text_is_refused(tmp_path: Path, kind: str) -> None:
    if kind == "table":
        path = tmp_path / "a.parquet"
        pq.write_table(pa.table({"text": pa.nulls(2 * MOST_BLANKS, pa.string())}), path)
    elif kind == "lines":
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(gzip.compress(b"\n" * (2 * MOST_BLANKS)))
    else:
        path = tmp_path / "a.txt.zst"
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            for _ in range(1_200):
                stream.write(b" " * MEGABYTE)
    assert f"{path} holds no text in a very long stretch" in refusal(path)


def test_a_data_set_that_goes_on_and_on_without_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    library = type("library", (), {"load_dataset": lambda *_, **__: iter([{"text": None}] * (MOST_BLANKS + 2))})
    monkeypatch.setitem(__import__("sys").modules, "datasets", library)
    with pytest.raises(CorpusError, match="the data set some/name holds no text in a very long stretch"):
        list(datasets.stream_dataset("datasets:some/name"))


def test_a_text_file_of_any_length_is_read_in_parts(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.txt.gz", "wb", compresslevel=1) as file:
        for _ in range(2 * LONGEST_ROW // MEGABYTE):
            file.write(b"some words here " * (MEGABYTE // 16))
    (document,) = stream_documents(tmp_path / "a.txt.gz", "a")
    assert isinstance(document, LongDocument)
    lengths = [len(part) for part in document.parts()]
    assert sum(lengths) == 2 * LONGEST_ROW
    assert max(lengths) <= MEGABYTE
