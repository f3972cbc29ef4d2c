"""Open the seal, and read what it holds. Pure."""

from collections.abc import Sequence

from app.foundation.digest import read_canonically
from app.foundation.errors import SealError
from app.rounds.allocation import SealContent
from app.rounds.sealing import open_seal


def open_seal_content(ciphertext: bytes, identities: Sequence[str]) -> SealContent:
    """The content of a seal. Raises SealError if the keys do not open it or the content is not a seal's."""
    return read_seal_content(open_seal(ciphertext, identities))


def read_seal_content(plaintext: bytes | str) -> SealContent:
    """The content of a seal, from its JSON text. Raises SealError if the text is anything else."""
    try:
        values = read_canonically(plaintext)
    except ValueError as error:
        msg = "The content of the seal cannot be read; it was not made by First Glance."
        raise SealError(msg) from error
    try:
        return SealContent.from_content(values)
    except ValueError as error:
        msg = "The seal does not hold an allocation, a seed and a nonce; it was not made by First Glance."
        raise SealError(msg) from error
