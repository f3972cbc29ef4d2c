"""A zip that another program could read differently is refused, though its files are those of an honest export."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from app.foundation.errors import ExportError
from app.report.export.zip_file import pack_files, read_zip
from app.report.export.zip_form import new_entry

FILES = {"commitment.json": b"{}\n", "figures/a.svg": b"<svg/>", "report.md": b"# Report\n"}


def with_extra_field(name: str) -> bytes:
    """A zip in which an Info-ZIP Unicode Path field renames the report for programs that know it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in FILES.items():
            entry = new_entry(member)
            if member == "report.md":
                path_field = struct.pack("<BI", 1, zlib.crc32(member.encode())) + name.encode()
                entry.extra = struct.pack("<HH", 0x7075, len(path_field)) + path_field
            archive.writestr(entry, content)
    return buffer.getvalue()


def with_comment() -> bytes:
    buffer = io.BytesIO(pack_files(FILES))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.comment = b"The headline is +78."
    return buffer.getvalue()


def with_changed_entry(change: Callable[[zipfile.ZipInfo], None]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in FILES.items():
            entry = new_entry(name)
            if name == "report.md":
                change(entry)
            archive.writestr(entry, content)
    return buffer.getvalue()


def with_gap() -> bytes:
    """Bytes between the files, in which a program that reads from the start finds another file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in FILES.items():
            buffer.write(b"gap")
            archive.start_dir = buffer.tell()
            archive.writestr(new_entry(name), content)
    return buffer.getvalue()


def with_trailing_bytes_in_a_file() -> bytes:
    """The packed bytes of the report go on after their end."""
    content, packed_end = pack_files({"report.md": b"# Report\n"}), b"hidden"
    entry = zipfile.ZipFile(io.BytesIO(content)).getinfo("report.md")
    start = 30 + len("report.md") + entry.compress_size
    longer = bytearray(content[:start] + packed_end + content[start:])
    size = (entry.compress_size + len(packed_end)).to_bytes(4, "little")
    directory = start + len(packed_end)
    longer[18:22], longer[directory + 20 : directory + 24] = size, size
    longer[-6:-2] = directory.to_bytes(4, "little")
    return bytes(longer)


ODD_ZIPS = {
    "a field that renames a file": with_extra_field("other.md"),
    "a zip before the zip": pack_files({"report.md": b"# Forged\n"}) + pack_files(FILES),
    "a script before the zip": b"#!/bin/sh\necho forged\n" + pack_files(FILES),
    "bytes after the zip": pack_files(FILES) + b"The headline is +78.",
    "a comment on the zip": with_comment(),
    "a comment on a file": with_changed_entry(lambda entry: setattr(entry, "comment", b"The headline is +78.")),
    "another date": with_changed_entry(lambda entry: setattr(entry, "date_time", (2026, 1, 1, 0, 0, 0))),
    "a link instead of a file": with_changed_entry(lambda entry: setattr(entry, "external_attr", 0o120777 << 16)),
    "another system": with_changed_entry(lambda entry: setattr(entry, "create_system", 7)),
    "LZMA": with_changed_entry(lambda entry: setattr(entry, "compress_type", zipfile.ZIP_LZMA)),
    "bzip2": with_changed_entry(lambda entry: setattr(entry, "compress_type", zipfile.ZIP_BZIP2)),
    "bytes between the files": with_gap(),
    "bytes after a file's packed end": with_trailing_bytes_in_a_file(),
    **{
        f"the name {name!a}": pack_files({**FILES, name: b"forged"})
        for name in ("REPORT.md", "../evil", "./report.md", "report.md ", "/etc/passwd", "a\nAnchored", "é")
    },
}


@pytest.mark.parametrize("name", ODD_ZIPS)
def test_a_zip_in_another_form_is_refused_with_a_sentence(tmp_path: Path, name: str) -> None:
    path = tmp_path / "odd.zip"
    path.write_bytes(ODD_ZIPS[name])
    with pytest.raises(ExportError, match=r"is not a zip as First Glance writes it|cannot be read|damaged") as refusal:
        read_zip(path)
    assert str(refusal.value).isprintable()


def test_a_damaged_file_that_was_packed_with_lzma_is_refused_with_a_sentence(tmp_path: Path) -> None:
    content = bytearray(ODD_ZIPS["LZMA"])
    start = content.index(b"report.md") + len("report.md")
    for index in range(start + 4, start + 15):
        content[index] ^= 0x5A
    path = tmp_path / "damaged.zip"
    path.write_bytes(content)
    with pytest.raises(ExportError, match="is not a zip as First Glance writes it"):
        read_zip(path)


def test_a_zip_that_first_glance_wrote_is_read_whichever_system_it_was_written_on(tmp_path: Path) -> None:
    path = tmp_path / "honest.zip"
    path.write_bytes(pack_files(FILES))
    assert read_zip(path) == FILES
    windows = io.BytesIO()
    with zipfile.ZipFile(windows, "w") as archive:
        for name, content in FILES.items():
            entry = new_entry(name)
            entry.create_system = 0
            archive.writestr(entry, content)
    path.write_bytes(windows.getvalue())
    assert read_zip(path) == FILES
