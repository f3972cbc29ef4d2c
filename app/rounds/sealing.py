"""The seal: age encryption to X25519 keys. The one module that encrypts or decrypts; who may import it is checked.

Keyholders are alternatives: any one of a layer's keys opens that layer. Two-person opening nests the layers, so that
each person's key alone fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyrage
from pyrage import x25519

from app.foundation.errors import SealError

HEADER = b"age-encryption.org/v1"
DEEPEST = 4
"""Layers opened at most, so that a crafted file cannot keep the server busy."""


@dataclass(frozen=True)
class KeyholderKey:
    """A keyholder's key, shown once: the identity opens, the recipient only seals."""

    identity: str
    recipient: str


def new_keyholder_key() -> KeyholderKey:
    """A fresh X25519 key from the operating system's randomness."""
    identity = x25519.Identity.generate()
    return KeyholderKey(str(identity), str(identity.to_public()))


def seal(plaintext: bytes, layers: Sequence[Sequence[str]]) -> bytes:
    """Encrypt to `layers`, innermost first; each is a list of alternative recipients ("age1...")."""
    if not layers:
        msg = "A seal needs at least one recipient; make a key first."
        raise SealError(msg)
    sealed = plaintext
    for recipients in layers:
        sealed = pyrage.encrypt(sealed, [_parse_recipient(recipient) for recipient in recipients])
    return sealed


def open_seal(ciphertext: bytes, identities: Sequence[str]) -> bytes:
    """Decrypt every layer. Raises SealError if the keys do not open all of them."""
    parsed = [_parse_identity(identity) for identity in identities]
    opened = ciphertext
    for layer in range(DEEPEST):
        if not opened.startswith(HEADER):
            return opened
        opened = _decrypt(opened, parsed, layer)
    msg = f"The seal has more than {DEEPEST} layers; it was not made here."
    raise SealError(msg)


def _decrypt(ciphertext: bytes, identities: list[x25519.Identity], layer: int) -> bytes:
    try:
        return bytes(pyrage.decrypt(ciphertext, identities))
    except pyrage.DecryptError as error:
        one_person = "Give a key that this round was sealed to."
        two_people = "This round needs two people's keys; give both."
        msg = f"The seal does not open with the key given. {two_people if layer else one_person}"
        raise SealError(msg) from error


def _parse_identity(text: str) -> x25519.Identity:
    try:
        return x25519.Identity.from_str(text.strip())
    except pyrage.IdentityError as error:
        msg = "That is not a key: a key begins with AGE-SECRET-KEY-1 and is on one line."
        raise SealError(msg) from error


def _parse_recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        msg = "That is not a recipient: a recipient begins with age1 and was printed beside the key."
        raise SealError(msg) from error
