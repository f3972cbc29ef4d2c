"""A file that cannot be read as a zip is refused with a sentence."""

from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.report.export.verify import verify_export
from app.report.export.zip_file import zip_files


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
