"""Every response has one length, and what a browser makes of it is the page, byte for byte."""

import gzip
import random
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from app.web.evaluator.padding import PAGE_SHELL_BYTES, PAGE_SHELL_GZIP_BYTES, gzipped, padded, response_sizes

PARTS = st.tuples(st.binary(max_size=3_000), st.binary(max_size=6_000), st.binary(max_size=3_000))


@given(PARTS)
@settings(max_examples=60, deadline=None)
def test_a_padded_response_is_the_same_page_in_both_encodings(parts: tuple[bytes, bytes, bytes]) -> None:
    head, fragment, tail = parts
    plain, compressed = response_sizes([fragment, b"x" * 6_000])
    body = gzipped(head, fragment, tail, compressed)
    assert len(body) == compressed
    assert gzip.decompress(body) == head + fragment + tail
    assert zlib.decompress(body, zlib.MAX_WBITS | 16) == head + fragment + tail
    page = padded(head + fragment + tail, plain)
    assert len(page) == plain
    assert page.rstrip(b" ") == (head + fragment + tail).rstrip(b" ")


def test_sizes_are_those_of_the_longest_fragment() -> None:
    noise = random.Random(1).randbytes(20_000)
    plain, compressed = response_sizes([b"short", noise, b"a" * 30_000])
    assert plain == 30_000 + PAGE_SHELL_BYTES
    assert compressed > 20_000 + PAGE_SHELL_GZIP_BYTES
    assert len(gzipped(b"", b"short", b"", compressed)) == compressed == len(gzipped(b"", noise, b"", compressed))


def test_padding_beyond_the_extra_field_goes_into_the_comment() -> None:
    body = gzipped(b"head", b"fragment", b"tail", 200_000)
    assert len(body) == 200_000
    assert gzip.decompress(body) == b"headfragmenttail"
    for size in range(65_500, 65_620):
        assert len(gzipped(b"head", b"fragment", b"tail", size)) == size


def test_a_page_longer_than_the_reserved_size_is_padded_by_whole_blocks() -> None:
    assert len(padded(b"x" * 100, 64)) == 64 + 8_192
    assert len(padded(b"x" * 64, 64)) == 64
