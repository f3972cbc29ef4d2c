"""A file that cannot be read as a zip is refused with a sentence."""

import io
import random
import zipfile
from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip, zip_files


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"plain text"])
def test_a_file_that_is_no_zip_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="cannot be read as a zip"):
        verify_export(path)


def test_a_damaged_zip_is_refused_with_a_sentence(exported: Path, tmp_path: Path) -> None:
    content = bytearray(exported.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path = tmp_path / "damaged.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="download it again"):
        verify_export(path)


def test_a_missing_file_and_another_program_s_zip_are_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="does not exist"):
        verify_export(tmp_path / "nowhere.zip")
    foreign = tmp_path / "foreign.zip"
    foreign.write_bytes(zip_files({"a.txt": b"a"}))
    with pytest.raises(ExportError, match=r"has no commitment\.json"):
        verify_export(foreign)


def test_two_files_of_one_name_are_refused(exported: Path, tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    path.write_bytes(exported.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("report.md", "Another report.")
    with pytest.raises(ExportError, match=r"two files named report\.md"):
        verify_export(path)


def test_a_zip_that_claims_to_be_huge_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("commitment.json", b"{}")
    content = buffer.getvalue().replace((2).to_bytes(4, "little"), (0xFFFFFFF0).to_bytes(4, "little"))
    path = tmp_path / "huge.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="larger than any export's file"):
        verify_export(path)


def test_a_zip_of_very_many_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), b"")
    with pytest.raises(ExportError, match="more than any export"):
        verify_export(path)


@pytest.mark.parametrize("seed", range(25))
def test_any_truncated_or_damaged_zip_ends_with_a_sentence(exported: Path, tmp_path: Path, seed: int) -> None:
    content = bytearray(exported.read_bytes())
    generator = random.Random(seed)
    if seed % 2:
        del content[generator.randrange(len(content)) :]
    else:
        start = generator.choice([generator.randrange(len(content)), len(content) - generator.randrange(1, 2000)])
        content[start : start + 8] = generator.randbytes(8)
    path = tmp_path / "damaged.zip"
    path.write_bytes(content)
    try:
        files = read_zip(path)
    except ExportError as error:
        assert "\n" not in str(error)  # noqa: PT017 - some damage hits nothing but the date of a file
    else:
        assert files == read_zip(exported)
