"""Traits of a response beside the words and marks of its passages: what its headers and its page's shell say. Pure.

Every trait is there with its numbers and with # for each: then a number tells, and one that differs between any two
items, such as “Item 7 of 32”, hides nothing that stands beside it.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from app.foundation.digest import sha256
from app.leak_audit.responses import FetchedResponse

TOKEN = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+|<", re.DOTALL)
"""A comment, a tag, or the text between two of them."""
ATTRIBUTE = re.compile(r"""[^\s"'<>/=]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]+)""")
NUMBER = re.compile("[0-9]+(?:[.][0-9]+)?")
MOST_DIGITS = 15
"""Longer numbers are cut: these are all that a float can tell apart."""
GZIP_FIXED, GZIP_EXTRA, GZIP_COMMENT = 10, 4, 16
"""Bytes of a gzip header that are always there, and the flags of its extra field and its comment (RFC 1952)."""


def mask(text: str, response: FetchedResponse, secrets: Sequence[bytes]) -> str:
    """The text with placeholders for the item's code and the session's secrets."""
    for secret in secrets:
        if secret:
            text = text.replace(secret.decode(errors="replace"), "SECRET")
    code = response.item_code or response.answered_item
    return text.replace(code, "ITEM") if code else text


def header_traits(response: FetchedResponse, secrets: Sequence[bytes]) -> set[str]:
    """The status, the order of the headers, and every header but the date."""
    headers = [(name, mask(text, response, secrets)) for name, text in response.dateless_headers]
    traits = {f"status {response.status}", f"headers: {', '.join(name for name, _ in headers)}"}
    for name, text in headers:
        traits |= {f"{name}: {text}", f"{name}: {_without_numbers(text)}"}
    return traits


def shell_traits(shell: str) -> set[str]:
    """The tags, attributes, comments and texts of a page's shell, their counts and order, and the shell as a whole."""
    return {*_traits_without_numbers(_without_numbers(shell)), *_parts_with_numbers(shell)}


def numbers_in(shell: str) -> dict[str, float]:
    """{where it stands: number} of every number in a page's shell and its attributes; of equal places the last."""
    return {
        f"number {index} of {_without_numbers(part)}": float(number[:MOST_DIGITS])
        for part in _parts_with_numbers(shell)
        for index, number in enumerate(NUMBER.findall(part))
    }


def gzip_header_trait(body: bytes) -> str:
    """The header of a compressed body. How long its padding is follows from the words, so only its bytes count."""
    flags, rest = body[3] if len(body) > GZIP_FIXED else 0, body[GZIP_FIXED:]
    extra = b""
    if flags & GZIP_EXTRA:
        length = int.from_bytes(rest[:2], "little")
        extra, rest = rest[2 : 2 + length], rest[2 + length :]
    comment = rest.partition(b"\0")[0] if flags & GZIP_COMMENT else b""
    fixed = body[:3] + bytes([flags & ~GZIP_COMMENT]) + body[4:GZIP_FIXED]
    return f"gzip header {fixed.hex()} {extra[:2].hex()} {sorted(set(extra[4:]))} {sorted(set(comment) - {0x20})}"


@lru_cache(maxsize=64)
def _traits_without_numbers(shell: str) -> frozenset[str]:
    """The traits of a shell without numbers; most items have the same."""
    tokens = TOKEN.findall(shell)
    traits = set(_parts(shell)) | {f"page {sha256(shell.encode())}"}
    traits |= {f"{count} times {token}" for token, count in Counter(tokens).items()}
    traits |= {f"{before} then {after}" for before, after in pairwise(tokens)}
    return frozenset(traits)


@lru_cache(maxsize=2)
def _parts_with_numbers(shell: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in _parts(shell) if NUMBER.search(part)))


def _parts(shell: str) -> Iterator[str]:
    for token in TOKEN.findall(shell):
        yield token
        if token.startswith("<"):
            yield from ATTRIBUTE.findall(token)


def _without_numbers(text: str) -> str:
    return NUMBER.sub("#", text)
