"""Pads every item response of a round to one length, plain and compressed, because lengths give the arm away. Pure.

Marks compress differently with each activation function; on a trial pair the compressed length told the arm with an AUC
of 0.92. So every response is padded to the longest's length: the plain one with white space at its end, the compressed
one inside the gzip header (RFC 1952: FEXTRA, then FCOMMENT when the extra field is full), where nobody decompresses it.
"""

import zlib
from collections.abc import Iterable
from functools import lru_cache

PAGE_SHELL_BYTES = 24_576
"""Bytes reserved for the page around the passages, before compression."""
PAGE_SHELL_GZIP_BYTES = 8_192
"""Bytes reserved for the compressed page around the passages."""
BLOCK = 8_192
"""A page that is longer than that (because of a very long answer) is padded to a whole number of blocks more."""
LEVEL = 6

HEAD = bytes([0x1F, 0x8B, 8])
FEXTRA, FCOMMENT = 4, 16
TIMELESS = bytes([0, 0, 0, 0, 0, 255])
TRAILER = 8
LONGEST_EXTRA = 65_535
LEAST_EXTRA = 4
"""Bytes of the smallest extra field: one subfield header, which is two letters and a length."""


def response_sizes(fragments: Iterable[bytes]) -> tuple[int, int]:
    """Lengths of a round's item responses: (plain, gzip), the longest fragment's plus room for the page around it."""
    plain = compressed = 0
    for fragment in fragments:
        plain = max(plain, len(fragment))
        compressed = max(compressed, len(deflated(fragment)))
    return plain + PAGE_SHELL_BYTES, compressed + PAGE_SHELL_GZIP_BYTES


def padded(body: bytes, size: int) -> bytes:
    """`body` with spaces at its end, `size` bytes long."""
    return body + b" " * (_room(len(body), size) - len(body))


def gzipped(head: bytes, fragment: bytes, tail: bytes, size: int) -> bytes:
    """A gzip member of head + fragment + tail, `size` bytes long; the fragment is compressed once and kept."""
    stream = _deflate(head, zlib.Z_FULL_FLUSH) + deflated(fragment) + _deflate(tail, zlib.Z_FINISH)
    crc = zlib.crc32(tail, zlib.crc32(fragment, zlib.crc32(head)))
    total = len(head) + len(fragment) + len(tail)
    bare = len(HEAD) + 1 + len(TIMELESS) + 2 + LEAST_EXTRA + len(stream) + TRAILER
    padding = _room(bare, size) - bare
    trailer = crc.to_bytes(4, "little") + (total & 0xFFFFFFFF).to_bytes(4, "little")
    return _header(padding) + stream + trailer


@lru_cache(maxsize=512)
def deflated(fragment: bytes) -> bytes:
    """Raw deflate of a fragment, ending on a byte boundary, so that it can stand between two others."""
    return _deflate(fragment, zlib.Z_FULL_FLUSH)


def _deflate(plain: bytes, flush: int) -> bytes:
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(plain) + compressor.flush(flush)


def _header(padding: int) -> bytes:
    """A gzip header that is `padding` bytes longer than the shortest one."""
    extra = min(padding, LONGEST_EXTRA - LEAST_EXTRA)
    comment = padding - extra
    flags = FEXTRA | (FCOMMENT if comment else 0)
    subfield = b"FG" + extra.to_bytes(2, "little") + bytes(extra)
    text = b" " * (comment - 1) + b"\0" if comment else b""
    return HEAD + bytes([flags]) + TIMELESS + len(subfield).to_bytes(2, "little") + subfield + text


def _room(length: int, size: int) -> int:
    """The padded length: `size`, or `size` plus as many blocks as `length` needs."""
    return size if length <= size else size + -(-(length - size) // BLOCK) * BLOCK
