"""A text in a table is a text in a spreadsheet too, and is read back as it was stored."""

import csv
import io
import random
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from app.foundation.csv_table import CsvValue, read_records, read_table, write_table, write_table_of_0_1
from app.report.export.readme import README

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1", "\uff0d1", "'=1", "''", "'quoted'"]
IN_A_GERMAN_SPREADSHEET = ["cats;=1+1", "rule:\n=1+1", 'a";-1', "a\t@b", "a;'b"]
PLAIN_TEXTS = ["", "1-2", "a = b", "it's", "naïve", "#N/A", "a; b", "a\n\nb", "🙂", "“=1”", " =1"]


def cells_in(file_bytes: bytes, separator: str) -> list[str]:
    """Every cell as a spreadsheet sees it, to which quotes say nothing within a cell."""
    text = file_bytes.removeprefix(BOM_UTF8).decode()
    if separator == ",":
        return [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    return [cell for line in text.splitlines() for cell in line.split(separator)]


@pytest.mark.parametrize("text", FORMULAS + IN_A_GERMAN_SPREADSHEET)
def test_no_text_begins_a_formula_in_a_spreadsheet(text: str) -> None:
    table = write_table([["first", "text"], ["a", text]])
    cells = [cell for separator in ",;" for cell in cells_in(table, separator)]
    assert not [cell for cell in cells if cell[:1] in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")]


@pytest.mark.parametrize("text", FORMULAS + IN_A_GERMAN_SPREADSHEET + PLAIN_TEXTS)
def test_every_text_survives_writing_and_reading(text: str) -> None:
    assert list(read_records(write_table([["text", "more"], [text, "x"]]))) == [{"text": text, "more": "x"}]


@pytest.mark.parametrize("text", ["=1+1", "'quoted'", ";'", "naïve"])
def test_a_table_of_version_0_1_is_read_as_it_was_written(text: str) -> None:
    assert list(read_table(write_table_of_0_1([["text"], [text]]))) == [["text"], [text]]


def test_texts_of_all_kinds_of_signs_survive_writing_and_reading() -> None:
    generator = random.Random(14)
    texts = ["".join(generator.choices("=+-@;'\"\t\r\n,a", k=generator.randint(1, 8))) for _ in range(2_000)]
    assert [row[0] for row in read_table(write_table([text, ""] for text in texts))] == texts


@pytest.mark.parametrize("text", PLAIN_TEXTS)
def test_a_text_that_begins_no_formula_is_written_as_it_is(text: str) -> None:
    plain = write_table_of_0_1([["text", text]])
    assert write_table([["text", text]]) == BOM_UTF8 + plain


def test_numbers_stay_numbers() -> None:
    assert write_table([[-0.5, -3, 1e-9, True, None]]) == BOM_UTF8 + b"-0.5,-3,1e-09,true,\n"


@pytest.mark.parametrize("file_bytes", [b"\xff", b'"a', b'a"b"c,"d"e', b"a,b\n1\n"])
def test_what_is_no_table_is_refused_as_a_value_error(file_bytes: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        list(read_records(file_bytes))


def test_the_readme_reads_a_table_in_pandas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pandas = pytest.importorskip("pandas")
    texts = [*FORMULAS, *IN_A_GERMAN_SPREADSHEET, *PLAIN_TEXTS]
    rows: list[list[CsvValue]] = [["text", "n"]]
    rows += [[text, -0.5] for text in texts]
    (tmp_path / "observations.csv").write_bytes(write_table(rows))
    monkeypatch.chdir(tmp_path)
    names = {"pandas": pandas}
    exec(README.partition("```python\n")[2].partition("```")[0], names)
    assert list(names["table"].fillna("")["text"]) == texts
    assert list(names["table"]["n"]) == [-0.5] * len(texts)
