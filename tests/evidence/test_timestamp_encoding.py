"""The query for a time stamp, compared with OpenSSL's, and the order of a reply's certificates."""

import subprocess
from pathlib import Path

import pytest

from app.evidence.timestamp_encoding import encode_query, sort_certificates
from tests.evidence.stamping_authority import StampingAuthority, certify, require_openssl

DIGEST = "0123456789abcdef" * 4


def test_the_query_is_the_one_that_openssl_makes_of_the_digest(tmp_path: Path) -> None:
    require_openssl()
    command = ["openssl", "ts", "-query", "-digest", DIGEST, "-sha256", "-cert", "-no_nonce", "-out", "query.tsq"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    without_nonce = (tmp_path / "query.tsq").read_bytes()
    nonce = b"\x02\x01\x07"
    expected = without_nonce[:-3] + nonce + without_nonce[-3:]  # the nonce stands before the wish for certificates
    assert encode_query(DIGEST, 7) == expected[:1] + bytes([expected[1] + len(nonce)]) + expected[2:]


def test_certificates_in_the_order_of_openssl_are_sorted_and_nothing_else_changes(tmp_path: Path) -> None:
    root = certify("Root", is_authority=True)
    intermediate = certify("An intermediate authority", root, is_authority=True)
    replies = [
        StampingAuthority(tmp_path / name, certify(name, intermediate), (intermediate,)).reply(encode_query(DIGEST, 7))
        for name in ("Short", "An authority with a long name and so with a long certificate")
    ]
    for reply in replies:
        ordered = sort_certificates(reply)
        assert sorted(ordered) == sorted(reply)
        assert sort_certificates(ordered) == ordered
    assert [sort_certificates(reply) == reply for reply in replies] != [True, True]


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(ValueError, match="parsing"):
        sort_certificates(b"<html>Not found</html>")
