"""Exports that would fill the memory of whoever verifies them, with the program or with the script in the zip."""

import json
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.foundation.errors import ExportError
from app.report.export import evidence_forms, verify_standalone
from app.report.export.strict_json import MOST_VALUES, read_strict_json
from app.report.export.zip_file import json_bytes, pack_files, read_zip
from app.report.export.zip_form import _directory_header, _local_header, new_entry
from app.rounds.allocation import SealContent

EMPTY_STREAM = b"\x03\x00"
END = b"PK\5\6\0\0\0\0"
LISTS: dict[str, TypeAdapter[Any]] = {
    "items": evidence_forms.ITEMS.adapter,
    "chains": evidence_forms.CHAINS.adapter,
    "events": evidence_forms.EVENTS.adapter,
}
VALUES = {"arrays": b"[]", "objects": b"{}", "numbers": b"1", "arrays in an array": b"[[]]"}


def zip_that_claims(sizes: list[int]) -> bytes:
    """A zip of the very form that First Glance writes, whose files have these sizes once they are unpacked."""
    files, directory = b"", b""
    for index, size in enumerate(sizes):
        zip_entry = new_entry(f"file{index}.json")
        zip_entry.file_size, zip_entry.compress_size, zip_entry.CRC = size, len(EMPTY_STREAM), 0
        directory += _directory_header(zip_entry, len(files))
        files += _local_header(zip_entry) + EMPTY_STREAM
    counts = len(sizes).to_bytes(2, "little") * 2
    place = len(directory).to_bytes(4, "little") + len(files).to_bytes(4, "little")
    return files + directory + END + counts + place + b"\0\0"


def test_a_small_zip_of_4_gigabytes_is_not_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zip_that_claims([900 << 20] * 5))
    with pytest.raises(ExportError, match="holds more than any export"):
        read_zip(path)
    assert verify_standalone.main([str(path)]) == 2
    assert "First Glance does not put into it" in capsys.readouterr().out


def test_the_zip_is_refused_for_its_size_alone(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(zip_that_claims([0] * 5))
    assert len(read_zip(path)) == len(verify_standalone.read_files(str(path))) == 5


@pytest.mark.parametrize(("size", "is_read"), [(7 << 20, True), (9 << 20, False)], ids=["7 MiB", "9 MiB"])
def test_files_may_not_be_very_many_times_as_large_as_their_zip(tmp_path: Path, size: int, is_read: bool) -> None:
    """Zeros pack to a thousandth. Small files are read all the same: an export of a word that repeats is honest."""
    path = tmp_path / "export.zip"
    path.write_bytes(pack_files({"items.json": bytes(size)}))
    for read, refusal in ((read_zip, ExportError), (read_by_the_script, verify_standalone.NoExportError)):
        if is_read:
            assert read(path) == {"items.json": bytes(size)}
        else:
            with pytest.raises(refusal):
                read(path)


def read_by_the_script(path: Path) -> dict[str, bytes]:
    return verify_standalone.read_files(str(path))


def test_the_script_reads_no_file_of_very_many_values(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo("chains.json"), b"," * ((1 << 25) + 1))
    with pytest.raises(verify_standalone.NoExportError):
        read_by_the_script(path)


def test_more_cells_than_any_design_has_are_refused(hostile_files: dict[str, bytes]) -> None:
    """The analysis compares cells with each other, so that many of them would never end."""
    allocation = json.loads(hostile_files["allocation.json"])
    allocation["allocation"]["cells"] *= 501
    with pytest.raises(ValidationError, match="at most 1000 items"):
        SealContent.from_content(allocation)
    with pytest.raises(verify_standalone.NoExportError):
        verify_standalone.Export({**hostile_files, "allocation.json": json_bytes(allocation)})


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_json_of_very_many_values_is_not_read(value: bytes) -> None:
    """Two bytes of a file become a hundred in memory, and a zip makes them of a hundredth of a byte."""
    file_bytes = b"[" + (value + b",") * MOST_VALUES + b"1]"
    tracemalloc.start()
    with pytest.raises(ValueError, match="more values than any file"):
        read_strict_json(file_bytes)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("name", LISTS)
def test_of_very_many_wrong_elements_the_first_is_reported(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        LISTS[name].validate_python([[]] * 1000)
    assert refusal.value.error_count() == 1


def test_of_very_many_wrong_values_in_an_item_the_first_of_each_list_is_reported() -> None:
    passage = {"texts": [[]] * 1000, "levels": [[]] * 1000, "peak": 0, "group": "top"}
    with pytest.raises(ValidationError) as refusal:
        evidence_forms.ITEMS.adapter.validate_python([{"code": "a", "passages": [passage] * 10}] * 10)
    assert refusal.value.error_count() <= 2
