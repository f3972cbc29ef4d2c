"""Corpora of every kind: the same texts give the same windows, whatever file they come in."""

import gzip
import json
import os
import sysconfig
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.archive.archive import Archive
from app.foundation.documents import Document
from app.foundation.errors import CorpusError
from app.harvest.options import HarvestOptions
from app.harvest.progress import silent
from app.harvest.run import harvest_model
from app.harvest.text import formats
from app.harvest.text.corpus import LONGEST, Corpus, _parts
from app.harvest.text.windows import Piece
from app.models.model_folder import LoadedModel

WORDS = ["One text, of several words.", "Další text s háčky — 漢字 😀.", "third\n\n\tone"]


def letters(texts: list[str]) -> list[list[int]]:
    return [[ord(letter) for letter in text] for text in texts]


def pieces(spec: Path | str, content: int = 100, overlap: int = 10) -> list[Piece]:
    return list(Corpus(str(spec), 0).pieces(letters, content, overlap))


def texts(found: list[Piece]) -> list[str]:
    return ["".join(map(chr, piece.tokens)) for piece in found]


def write_lines(path: Path) -> bytes:
    lines = "".join(f'{{"text": "{text}", "id": 1}}\n'.replace("\n\n\t", "\\n\\n\\t") for text in WORDS).encode()
    path.write_bytes(lines)
    return lines


def test_lines_and_tables_compressed_or_not_hold_the_same_documents(tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "a.jsonl")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(lines))
    with pa.CompressedOutputStream(str(tmp_path / "c.jsonl.zst"), "zstd") as stream:
        stream.write(lines)
    pq.write_table(pa.table({"text": WORDS, "id": [1, 2, 3]}), tmp_path / "d.parquet")
    for name in ("a.jsonl", "b.jsonl.gz", "c.jsonl.zst", "d.parquet"):
        found = pieces(tmp_path / name)
        assert texts(found) == WORDS
        assert [one.label for one in found] == [f"{name}:{number}:0" for number in (1, 2, 3)]


def test_compressed_text_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(WORDS[1].encode()))
    assert texts(pieces(tmp_path)) == [WORDS[1]]


def test_a_pattern_means_its_files(tmp_path: Path) -> None:
    for name in ("x/one.txt", "x/two.md", "y/three.txt", "y/four.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    assert sorted(texts(pieces(tmp_path / "**" / "*.txt"))) == ["x/one.txt", "y/three.txt"]
    assert sorted(texts(pieces(tmp_path / "x" / "*"))) == ["x/one.txt", "x/two.md"]
    with pytest.raises(CorpusError, match="holds no text"):
        pieces(tmp_path / "*.csv")


def test_windows_overlap_by_context_and_cover_each_token_once(tmp_path: Path) -> None:
    text = "".join(chr(97 + number % 26) for number in range(1000))
    (tmp_path / "long.txt").write_text(text)
    found = pieces(tmp_path / "long.txt")
    assert [one.context for one in found] == [0] + [10] * (len(found) - 1)
    assert "".join(one[piece.context :] for one, piece in zip(texts(found), found, strict=True)) == text
    offsets = [int(one.label.rpartition(":")[2]) for one in found]
    assert all(texts([one])[0] == text[at : at + 100] for one, at in zip(found, offsets, strict=True))


@pytest.mark.parametrize("length", [1, 9, 10, 11, 89, 99, 100, 101, 190, 191])
def test_no_window_is_only_context(tmp_path: Path, length: int) -> None:
    (tmp_path / "some.txt").write_text("x" * length)
    found = pieces(tmp_path / "some.txt")
    assert sum(len(one.tokens) - one.context for one in found) == length
    assert all(len(one.tokens) > one.context for one in found)


def test_the_order_of_documents_comes_from_the_seed(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"{number:02}.txt").write_text(str(number))
    orders = [texts(list(Corpus(str(tmp_path), seed).pieces(letters, 100, 10))) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_a_long_document_is_tokenised_in_parts_cut_before_white_space(model: LoadedModel) -> None:
    text = "def f(x):\n    return x\n\n\n" * 25_000
    parts = list(_parts([text]))
    assert "".join(parts) == text
    assert len(parts) > 3
    assert all(len(part) <= LONGEST for part in parts)
    joined = [token for part in parts for token in model.tokenizer.encode(part)]
    assert joined == model.tokenizer.encode(text)


def test_a_long_line_is_cut_before_a_space(model: LoadedModel) -> None:
    text = "words\tand spaces " * 40_000
    parts = list(_parts([text]))
    assert "".join(parts) == text
    assert all(part[-1].isalpha() and after[0].isspace() for part, after in pairwise(parts))
    joined = [token for part in parts for token in model.tokenizer.encode(part)]
    assert joined == model.tokenizer.encode(text)


@pytest.mark.parametrize("size", [1, 999, LONGEST, 3 * LONGEST])
def test_parts_are_the_same_however_the_text_comes(size: int) -> None:
    text = "".join(f"line {number} of é 漢字\n" for number in range(30_000))
    some = text[: 40_000 if size == 1 else None]
    assert list(_parts(some[at : at + size] for at in range(0, len(some), size))) == list(_parts([some]))


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_long_text_read_in_parts_gives_the_same_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """Also with letters and broken bytes across the ends of the parts, and binary files and blank ones left out."""
    data = b"".join(f"line {number} of é 漢字 😀\r\n".encode() + b"\xe2\x82 \xff" for number in range(2000))
    pack = gzip.compress if suffix else bytes
    for name, one in (("a", data), ("b", data + b"\0"), ("c", b" \n" * 9000), ("d", b"a short one")):
        (tmp_path / f"{name}.txt{suffix}").write_bytes(pack(one))

    def found() -> tuple[list[tuple[str, str]], str, int, int]:
        corpus = Corpus(str(tmp_path), 0)
        windows = list(corpus.pieces(letters, 100, 10))
        labels = [one.label for one in windows]
        return list(zip(labels, texts(windows), strict=True)), corpus.sha256, corpus.documents, corpus.skipped

    whole = found()
    monkeypatch.setattr(formats, "AT_ONCE", 997)
    assert not isinstance(next(formats.documents_of(tmp_path / f"a.txt{suffix}", "a")), Document)
    assert found() == whole
    assert whole[2:] == (2, 1)


def test_no_more_of_a_long_text_is_tokenised_than_is_needed(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("some words\n" * 500_000)
    tokenised = []

    def encode(given: list[str]) -> list[list[int]]:
        tokenised.extend(given)
        return letters(given)

    found = Corpus(str(tmp_path / "long.txt"), 0).pieces(encode, 100, 10)
    assert [next(found).label for _ in range(50)][-1] == "long.txt:4410"
    assert len(tokenised) == 1
    assert len(tokenised[0]) <= LONGEST


def test_file_names_that_are_not_utf_8_stay_different(model: LoadedModel, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in (b"caf\xe9.txt", b"caf\xe8.txt", b"caf\xea.jsonl", b"caf\xeb.txt.gz"):
        path = Path(os.fsdecode(os.fsencode(folder) + b"/" + name))
        body = b'{"text": "a line"}' if name.endswith(b"l") else b"some words to read"
        path.write_bytes(gzip.compress(body) if name.endswith(b"z") else body)
    pq.write_table(pa.table({"text": ["a row"]}), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").rename(os.fsdecode(os.fsencode(folder) + b"/caf\xec.parquet"))
    options = HarvestOptions(window=80, k=2, sample=10)
    archive = harvest_model(model, "tiny", str(folder), tmp_path / "out", options, silent)
    shown = {one.window for neuron in range(24) for one in archive.snippets(0, neuron)}
    expected = {"caf\\xe9.txt:0", "caf\\xe8.txt:0", "caf\\xea.jsonl:1:0", "caf\\xeb.txt.gz:0", "caf\\xec.parquet:1:0"}
    assert shown == expected
    one = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.txt"))
    assert (
        harvest_model(model, "tiny", str(one), tmp_path / "one", options, silent).manifest.corpus.spec == "caf\\xe9.txt"
    )


def test_lone_surrogates_and_invalid_utf_8_become_the_replacement_character(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "a \ud83d b 😀"}) + "\n")
    assert texts(pieces(tmp_path / "a.jsonl")) == ["a \ufffd b 😀"]
    broken = pa.array([b"caf\xe9 x", b"fine", b"caf\xe9 x"])
    strings = pa.Array.from_buffers(pa.string(), 3, broken.buffers())
    for column in (strings, broken):
        pq.write_table(pa.table({"text": column}), tmp_path / "a.parquet")
        assert texts(pieces(tmp_path / "a.parquet")) == ["caf\ufffd x", "fine", "caf\ufffd x"]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_tables_may_keep_text_in_any_way(tmp_path: Path, kind: pa.DataType) -> None:
    pq.write_table(pa.table({"text": pa.array([*WORDS, None]).cast(kind)}), tmp_path / "a.parquet")
    assert texts(pieces(tmp_path / "a.parquet")) == WORDS


def test_rows_without_a_text_are_counted_as_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": null}\n{"text": 5}\n{"text": "x"}\n{"text": " "}\n')
    pq.write_table(pa.table({"text": ["x", None]}), tmp_path / "b.parquet")
    corpus = Corpus(str(tmp_path), 0)
    assert len(list(corpus.pieces(letters, 100, 10))) == 2
    assert (corpus.documents, corpus.skipped) == (2, 3)


def test_a_name_that_is_too_long_for_a_file() -> None:
    with pytest.raises(CorpusError, match=r"File name too long.*; name a file"):
        pieces("x" * 300)


@pytest.mark.parametrize("letter", ["x", "\n", " ", "😀"])
def test_a_document_without_a_place_to_cut_is_cut_anyway(letter: str) -> None:
    text = letter * (3 * LONGEST + 5)
    parts = list(_parts([text]))
    assert "".join(parts) == text
    assert len(parts) <= 8


def test_the_standard_library_without_its_tests() -> None:
    found = Corpus("stdlib", 0)
    names = {one.label.rpartition(":")[0] for one in found.pieces(lambda texts: [[1] for _ in texts], 100, 10)}
    assert {"argparse.py", "json/decoder.py"} <= names
    assert not [name for name in names if {"test", "tests", "idle_test", "site-packages"} & set(name.split("/"))]
    assert len(names) < len(list(Path(sysconfig.get_path("stdlib")).rglob("*.py")))


def test_a_data_set_needs_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(CorpusError, match=r"install firstglance\[datasets\]"):
        pieces("datasets:some/name")


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.jsonl.gz", b"not gzip", "cannot be read"),
        ("a.jsonl.zst", b"not zstd at all", "cannot be read"),
        ("a.parquet", b"not parquet", "cannot be read"),
        ("a.jsonl", b'{"words": 1}\n', "line 1 is not JSON"),
        ("a.jsonl", b"[1, 2]\n", "line 1 is not JSON"),
        ("a.jsonl", b"[" * 100_000 + b"\n", "line 1 is not JSON"),
    ],
)
def test_a_file_that_is_not_what_it_says(tmp_path: Path, name: str, data: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(CorpusError, match=sentence):
        pieces(tmp_path / name)


def test_a_table_without_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"words": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(CorpusError, match="no column text"):
        pieces(tmp_path / "a.parquet")


def test_ten_megabytes_without_white_space(model: LoadedModel, tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("0123456789abcdef" * 640_000)
    options = HarvestOptions(tokens=2000, window=90, k=2, sample=10).top_only()
    archive: Archive = harvest_model(model, "tiny", str(tmp_path / "long.txt"), tmp_path / "out", options, silent)
    assert archive.manifest.corpus.documents == 1
    assert archive.manifest.corpus.tokens >= 2000
