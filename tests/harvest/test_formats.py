"""The same texts give the same windows, whatever kind of file they come in."""

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.foundation.documents import Document
from app.foundation.errors import CorpusError
from app.harvest.harvests import harvest_model
from app.harvest.options import HarvestOptions
from app.harvest.progress import report_nothing
from app.harvest.text import formats
from app.harvest.text.corpus import Corpus
from app.models.model_folder import LoadedModel
from tests.harvest.windows_of_text import code_points, read_windows, texts_of_windows

WORDS = ["One text, of several words.", "Další text s háčky — 漢字 😀.", "third\n\n\tone"]


def write_lines(path: Path) -> bytes:
    lines = "".join(f'{{"text": "{text}", "id": 1}}\n'.replace("\n\n\t", "\\n\\n\\t") for text in WORDS).encode()
    path.write_bytes(lines)
    return lines


def test_an_error_without_a_message_is_described_by_its_class() -> None:
    assert formats.brief_reason(ValueError("")) == "ValueError"
    assert formats.brief_reason(ValueError("\n a broken page \nmore")) == "a broken page"
    assert (
        formats.brief_reason(FileNotFoundError(2, "No such file or directory", "a.txt")) == "No such file or directory"
    )


def test_lines_and_tables_compressed_or_not_hold_the_same_documents(tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines))
    with pa.CompressedOutputStream(str(tmp_path / "c.jsonl.zst"), "zstd") as stream:
        stream.write(lines)
    pq.write_table(pa.table({"text": WORDS, "id": [1, 2, 3]}), tmp_path / "d.parquet")
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d.parquet"):
        windows = read_windows(tmp_path / name)
        assert texts_of_windows(windows) == WORDS
        assert [window.label for window in windows] == [f"{name}:{number}:0" for number in (1, 2, 3)]


def test_a_compressed_text_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(WORDS[1].encode()))
    assert texts_of_windows(read_windows(tmp_path)) == [WORDS[1]]


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_long_text_read_in_parts_gives_the_same_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Also with letters and broken bytes across the ends of the parts, and binary files and blank ones left out."""
    lines = b"".join(f"line {number} of é 漢字 😀\r\n".encode() + b"\xe2\x82 \xff" for number in range(2000))
    pack = gzip.compress if suffix else bytes
    for name, content in (("a", lines), ("b", lines + b"\0"), ("c", b" \n" * 9000), ("d", b"a short one")):
        (tmp_path / f"{name}.txt{suffix}").write_bytes(pack(content))

    def read_corpus() -> tuple[list[tuple[str, str]], str, int, int]:
        corpus = Corpus(str(tmp_path), 0)
        windows = list(corpus.windows(code_points, 100, 10))
        labels = [window.label for window in windows]
        texts = texts_of_windows(windows)
        return list(zip(labels, texts, strict=True)), corpus.sha256, corpus.document_count, corpus.skipped_count

    expected = read_corpus()
    monkeypatch.setattr(formats, "BYTES_AT_ONCE", 997)
    assert not isinstance(next(formats.stream_documents(tmp_path / f"a.txt{suffix}", "a")), Document)
    assert read_corpus() == expected
    assert expected[2:] == (2, 1)


def test_file_names_that_are_not_utf_8_stay_different(model: LoadedModel, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", b"caf\xea.jsonl", b"caf\xeb.txt.gz"):
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        content = b'{"text": "a line"}' if name.endswith(b"l") else b"some words to read"
        path.write_bytes(gzip.compress(content) if name.endswith(b"z") else content)
    pq.write_table(pa.table({"text": ["a row"]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").rename(os.fsdecode(os.fsencode(folder) + b"/caf\xec.parquet"))
    options = HarvestOptions(window=80, k=2, sample=10)
    archive = harvest_model(model, "tiny", str(folder), tmp_path / "out", options, report_nothing)
    labels = {snippet.window for neuron in range(24) for snippet in archive.snippets(0, neuron)}
    expected = {"caf\\xe9.txt:0", "caf\\xe8.txt:0", "caf\\xea.jsonl:1:0", "caf\\xeb.txt.gz:0", "caf\\xec.parquet:1:0"}
    assert labels == expected
    file = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt"))
    single = harvest_model(model, "tiny", str(file), tmp_path / "single", options, report_nothing)
    assert single.manifest.corpus.spec == "caf\\xe9.txt"


def test_lone_surrogates_and_invalid_utf_8_become_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "a \ud83d b 😀"}) + "\n")
    assert texts_of_windows(read_windows(tmp_path / "a.jsonl")) == ["a \ufffd b 😀"]
    broken = pa.array([b"caf\xe9 x", b"fine", b"caf\xe9 x"])
    strings = pa.Array.from_buffers(pa.string(), 3, broken.buffers())
    for column in (strings, broken):
        pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
        assert texts_of_windows(read_windows(tmp_path / "a.parquet")) == ["caf\ufffd x", "fine", "caf\ufffd x"]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_a_table_may_store_its_text_in_any_type_of_column(tmp_path: Path, kind: pa.DataType) -> None:
    pq.write_table(pa.table({"text": pa.array([*WORDS, None]).cast(kind)}), tmp_path / "a.parquet")
    assert texts_of_windows(read_windows(tmp_path / "a.parquet")) == WORDS


def test_rows_without_a_text_are_counted_as_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": null}\n{"text": 5}\n{"text": "x"}\n{"text": " "}\n')
    pq.write_table(pa.table({"text": ["x", None]}), tmp_path / "b.parquet")
    corpus = Corpus(str(tmp_path), 0)
    assert len(list(corpus.windows(code_points, 100, 10))) == 2
    assert (corpus.document_count, corpus.skipped_count) == (2, 3)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.jsonl.gz", b"not gzip", "cannot be read"),
        ("a.jsonl.zst", b"not zstd at all", "cannot be read"),
        ("a.parquet", b"not parquet", "cannot be read"),
        ("a.jsonl", b'{"words": 1}\n', "line 1 is not JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1 is not JSON"),
        ("a.jsonl", b"[" * 100_000 + b"\n", "line 1 is not JSON"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=sentence):
        read_windows(tmp_path / name)


def test_a_table_without_a_column_of_text_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"words": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(CorpusError, match="no column text"):
        read_windows(tmp_path / "a.parquet")
