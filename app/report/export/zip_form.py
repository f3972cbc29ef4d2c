"""The only form of zip that First Glance writes: every byte is a file's, or is known in advance.

Programs disagree about everything else that a zip may hold: fields that rename a file, comments, bytes before, between
and after the files. Two of them could read different files in one zip, so an export may hold nothing of the kind.
"""

import re
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from zipfile import ZIP_DEFLATED, ZipInfo

from app.foundation.errors import ExportError
from app.foundation.typography import shortened

EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in a zip, so that the bytes do not depend on when it was made."""
FILE_ATTRIBUTES = 0o644 << 16
"""The attributes of every file in a zip: everybody may read it, its owner may write it."""
UNIX = 3
"""The system that every zip names, whichever wrote it; exports of version 0.1 from Windows name 0."""
SYSTEMS = (0, UNIX)
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?", re.ASCII)
"""A name that every program reads alike, and that leads out of no folder."""
_VERSION, _DATE, _TIME = 20, 1 << 5 | 1, 0
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_DIRECTORY_HEADER = struct.Struct("<4s4B4H3I5H2I")
_END = struct.Struct("<4s4H2IH")


def new_entry(name: str) -> ZipInfo:
    """The header of a file that is to be written."""
    zip_entry = ZipInfo(name, EARLIEST_DATE)
    zip_entry.compress_type = ZIP_DEFLATED
    zip_entry.external_attr = FILE_ATTRIBUTES
    zip_entry.create_system = UNIX
    return zip_entry


def unpack(zip_bytes: bytes, zip_entries: Sequence[ZipInfo]) -> dict[str, bytes]:
    """{name: content} of the files of a zip; `zip_entries` are the headers in its directory.

    Raises ExportError unless the zip is byte for byte what First Glance writes around packed files.
    """
    _refuse_odd_names([zip_entry.orig_filename for zip_entry in zip_entries])
    position, directory, files = 0, b"", {}
    for zip_entry in zip_entries:
        name, header = zip_entry.orig_filename, _local_header(zip_entry)
        start, end = position + len(header), position + len(header) + zip_entry.compress_size
        if zip_entry.create_system not in SYSTEMS or zip_bytes[position:start] != header:
            msg = f"the header of {shortened(name)} is another than First Glance writes"
            raise ExportError(msg)
        files[name] = _unpack_file(name, zip_bytes[start:end], zip_entry)
        directory += _directory_header(zip_entry, position)
        position = end
    end_record = _END.pack(b"PK\5\6", 0, 0, len(zip_entries), len(zip_entries), len(directory), position, 0)
    if zip_bytes[position:] != directory + end_record:
        msg = "it holds bytes that belong to none of its files"
        raise ExportError(msg)
    return files


def _refuse_odd_names(names: Sequence[str]) -> None:
    odd = next((name for name in names if not PLAIN_NAME.fullmatch(name)), None)
    if odd is not None:
        msg = f"programs may read the name {shortened(odd)!a} differently"
        raise ExportError(msg)
    spellings = Counter(name.lower() for name in names)
    twice = next((name for name in names if spellings[name.lower()] > 1), None)
    if twice is not None:
        msg = f"it has the name {shortened(twice)} also in other letters, large or small"
        raise ExportError(msg)


def _unpack_file(name: str, packed: bytes, zip_entry: ZipInfo) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    content = unpacker.decompress(packed, zip_entry.file_size + 1)
    if (
        not unpacker.eof
        or unpacker.unused_data
        or len(content) != zip_entry.file_size
        or zlib.crc32(content) != zip_entry.CRC
    ):
        msg = f"{shortened(name)} in it is damaged"
        raise ExportError(msg)
    return content


def _local_header(zip_entry: ZipInfo) -> bytes:
    name = zip_entry.orig_filename.encode("ascii")
    sizes = (zip_entry.CRC, zip_entry.compress_size, zip_entry.file_size)
    return _LOCAL_HEADER.pack(b"PK\3\4", _VERSION, 0, ZIP_DEFLATED, _TIME, _DATE, *sizes, len(name), 0) + name


def _directory_header(zip_entry: ZipInfo, position: int) -> bytes:
    name = zip_entry.orig_filename.encode("ascii")
    versions = (_VERSION, zip_entry.create_system, _VERSION, 0)
    sizes = (zip_entry.CRC, zip_entry.compress_size, zip_entry.file_size)
    lengths = (len(name), 0, 0, 0, 0)
    packed = _DIRECTORY_HEADER.pack(
        b"PK\1\2", *versions, 0, ZIP_DEFLATED, _TIME, _DATE, *sizes, *lengths, FILE_ATTRIBUTES, position
    )
    return packed + name
