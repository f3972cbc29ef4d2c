"""Secrets that are drawn are too long to be guessed, so attempts at them need no limit."""

from base64 import urlsafe_b64decode

from app.foundation.codes import random_token


def test_a_token_has_128_random_bits() -> None:
    tokens = {urlsafe_b64decode(random_token() + "==") for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {16}
