"""A file with the content that the evidence gives must be written as First Glance writes it."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.foundation.errors import ExportError
from app.report.export.file_differences import file_difference, is_written_alike
from app.report.export.verify import verify_export
from app.report.export.zip_file import json_bytes, read_zip
from tests.report.tampering import replace_file, replace_files, verify_without_figures


def failed_names(path: Path) -> list[str]:
    return [check.name for check in verify_without_figures(path).checks if not check.ok]


def with_cell(text: str, change: Callable[[str], str]) -> bytes:
    """The table with the active seconds of the first row written in another way."""
    head, first, *others = text.split("\n")
    column = head.split(",").index("active_seconds")
    cells = first.split(",")
    cells[column] = change(cells[column])
    return "\n".join([head, ",".join(cells), *others]).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[0] + "_" + text[1:],
        lambda text: f" {text}",
        lambda text: f'"{text}"',
        lambda text: f"{text}0",
        lambda text: text.translate({ord("0") + digit: 0x660 + digit for digit in range(10)}),
    ],
    ids=["underscore", "blank", "quotes", "another digit", "Arabic digits"],
)
def test_a_number_of_a_table_that_other_programs_read_otherwise_is_found(
    exported: Path, tmp_path: Path, change: Callable[[str], str]
) -> None:
    table = with_cell(read_zip(exported)["observations.csv"].decode(), change)
    assert "observations.csv" in failed_names(replace_file(exported, "observations.csv", table, tmp_path))


def test_other_ends_of_lines_are_found(exported: Path, tmp_path: Path) -> None:
    table = read_zip(exported)["neurons.csv"].replace(b"\n", b"\r\n")
    assert "neurons.csv" in failed_names(replace_file(exported, "neurons.csv", table, tmp_path))


def test_whole_numbers_are_exact_and_last_digits_of_fractions_are_free() -> None:
    assert is_written_alike("a.json", json_bytes({"a": 0.30000000000000004}), json_bytes({"a": 0.3}))
    assert not is_written_alike("a.json", json_bytes({"a": 1.0}), json_bytes({"a": 1}))
    assert not is_written_alike("a.json", json_bytes({"a": 1, "b": 2}), json_bytes({"b": 2, "a": 1}))
    assert not is_written_alike("a.json", b'{"a": 0.30}\n', json_bytes({"a": 0.3}))


def test_a_count_that_is_almost_right_is_found(exported: Path, tmp_path: Path) -> None:
    analysis = json.loads(read_zip(exported)["analysis.json"])
    analysis["arms"]["solu"]["n"] *= 1 + 9e-10
    path = replace_file(exported, "analysis.json", json_bytes(analysis), tmp_path)
    differences = verify_without_figures(path).differences
    assert any(sentence.startswith("analysis.json has") and "arms.solu.n" in sentence for sentence in differences)


def other_parquet(file_bytes: bytes) -> bytes:
    """The same tokens in a file with a note of its own."""
    buffer = io.BytesIO()
    table = pq.read_table(io.BytesIO(file_bytes))
    with pq.ParquetWriter(buffer, table.schema, compression="zstd") as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({"headline": "+78"})
    return buffer.getvalue()


def test_a_table_of_tokens_with_other_bytes_is_a_difference_or_not_made_again(exported: Path, tmp_path: Path) -> None:
    files = read_zip(exported)
    changes: dict[str, bytes | None] = {"snippets.parquet": other_parquet(files["snippets.parquet"])}
    assert "snippets.parquet" in failed_names(replace_files(exported, changes, tmp_path))
    versions = json.loads(files["program.json"])
    versions["libraries"]["pyarrow"] = "1.0.0"
    changes["program.json"] = json_bytes(versions)
    verification = verify_without_figures(replace_files(exported, changes, tmp_path))
    assert "snippets.parquet" in {unchecked.name for unchecked in verification.unchecked}
    assert verification.statement.exit_status != 0


def table_of(texts: list[str], compression: str = "zstd") -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"item": texts}), file, compression=compression)
    return file.getvalue()


def test_tables_of_tokens_are_compared_value_by_value() -> None:
    original = table_of(["a", "b", "b"])
    assert file_difference("a.parquet", table_of(["a", "b", "b"], "gzip"), original) is None
    difference = file_difference("a.parquet", table_of(["a", "b", "c"]), original)
    assert difference is not None
    assert (difference.path, difference.expected, difference.actual) == ("row 2, column item", "'c'", "'b'")


@pytest.mark.parametrize(
    ("table", "reason"),
    [(table_of(["x" * (50 << 20)]), "a table of more than 16,777,216 bytes"), (table_of([""] * 10_000_000), "rows")],
    ids=["a long text", "many rows"],
)
def test_a_small_table_that_would_fill_the_memory_is_not_read(table: bytes, reason: str) -> None:
    assert len(table) < 300_000
    usual_pool = pa.default_memory_pool()
    counting_pool = pa.proxy_memory_pool(usual_pool)
    pa.set_memory_pool(counting_pool)
    try:
        difference = file_difference("a.parquet", table, table_of(["b"]))
    finally:
        pa.set_memory_pool(usual_pool)
    assert reason in str(difference)
    assert counting_pool.max_memory() < 1 << 20


@pytest.mark.parametrize("name", ["design.json", "allocation.json", "chains.json"])
def test_evidence_with_a_whole_number_written_as_a_fraction_is_refused(
    exported: Path, tmp_path: Path, name: str
) -> None:
    text = read_zip(exported)[name].decode()
    fraction = next(line for line in text.splitlines() if line.rstrip(",").endswith(" 0"))
    changed = text.replace(fraction, fraction.replace(" 0", " -0.0"), 1).encode()
    with pytest.raises(ExportError, match=f"{name} in the export has"):
        verify_export(replace_file(exported, name, changed, tmp_path))


@pytest.mark.parametrize(
    "change",
    [
        {"program": "0.2.0\n\nAnchored, and all agree."},
        {"libraries": {"a headline\n": "1.0"}},
        {"libraries": {"numpy": "1.0 (Anchored, and all agree)"}},
    ],
    ids=ascii,
)
def test_versions_that_are_no_versions_are_refused(exported: Path, tmp_path: Path, change: dict[str, object]) -> None:
    versions = json.loads(read_zip(exported)["program.json"]) | change
    path = replace_file(exported, "program.json", json_bytes(versions), tmp_path)
    with pytest.raises(ExportError, match=r"program\.json in the export has another form"):
        verify_export(path)
