"""The seal: age encryption to X25519 keys. Only this module encrypts and decrypts; a check limits who imports it.

Any one of a layer's keys opens that layer. If two people must open the seal together, it has two layers, one inside the
other, so that the key of one person alone fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pyrage
from pyrage import x25519

from app.foundation.errors import SealError

HEADER = b"age-encryption.org/v1"
WITHOUT_A_KEY = (
    "If no such key is left, nobody can open the seal: what remains are the answers, the log and the commitment, in "
    "the blinded export. Abandon the round then; a copy of it can be sealed to new keys."
)
"""What to do after the last key of a seal, or of a part of it, was lost."""
NOT_OF_THIS_SEAL = f"Give a key that this round was sealed to. {WITHOUT_A_KEY}"
NOT_BOTH_KEYS = "This round needs two people's keys; give both."
NOT_OF_OUTER_PART = (
    "Two people must open it, and this is no key of its outer part, which is opened first; whether it is one of the "
    f"inner part shows only then. Give a key of the outer part. {WITHOUT_A_KEY}"
)
"""What to do after a key did not open the seal, the second of two keys, or the outer part."""
DEEPEST = 4
"""At most so many layers are opened, so that a crafted file cannot keep the server busy."""


@dataclass(frozen=True)
class KeyholderKey:
    """A keyholder's key, shown once: the identity opens a seal, the recipient can only make one."""

    identity: str
    recipient: str


def new_keyholder_key() -> KeyholderKey:
    """A new X25519 key from the operating system's randomness."""
    identity = x25519.Identity.generate()
    return KeyholderKey(str(identity), str(identity.to_public()))


def canonical_recipient(text: str) -> str:
    """A keyholder's public key in the one way of writing it. Raises SealError if the text is none."""
    return str(_parse_recipient(text))


def public_key_of(identity: str) -> str:
    """The public key of a keyholder's secret key. Raises SealError if the text is no secret key."""
    return str(_parse_identity(identity).to_public())


def encrypt_challenge(text: str, recipient: str) -> str:
    """The text encrypted to one public key, armored, as any age tool decrypts it."""
    return bytes(pyrage.encrypt(text.encode(), [_parse_recipient(recipient)], armored=True)).decode()


def decrypt_challenge(challenge: str, identity: str) -> str:
    """The text of an armored challenge. Raises SealError if it was not encrypted to this key."""
    try:
        return bytes(pyrage.decrypt(challenge.strip().encode(), [_parse_identity(identity)])).decode()
    except (pyrage.DecryptError, UnicodeDecodeError) as error:
        msg = "This key does not decrypt the challenge. Copy the whole challenge, and give the key that it is for."
        raise SealError(msg) from error


def seal(plaintext: bytes, layers: Sequence[Sequence[str]]) -> bytes:
    """Encrypt to `layers`, innermost first; each is a list of alternative recipients ("age1...")."""
    if not layers:
        msg = "A seal needs at least one recipient; make a key first."
        raise SealError(msg)
    sealed = plaintext
    for recipients in layers:
        sealed = pyrage.encrypt(sealed, [_parse_recipient(recipient) for recipient in recipients])
    return sealed


def decrypt_outer_layer(ciphertext: bytes, identity: str) -> bytes:
    """Decrypt the outer layer of a seal that two people must open; what it returns is encrypted to the other person.

    Raises SealError if the key does not open it, or if nothing encrypted is inside.
    """
    inner = _decrypt(ciphertext, [_parse_identity(identity)], NOT_OF_OUTER_PART)
    if not inner.startswith(HEADER):
        msg = "The seal has one layer only, though its log says that two people must open it; restore a backup."
        raise SealError(msg)
    return inner


def open_seal(ciphertext: bytes, identities: Sequence[str]) -> bytes:
    """Decrypt every layer. Raises SealError if the keys do not open all of them."""
    parsed = [_parse_identity(identity) for identity in identities]
    opened = ciphertext
    for layer in range(DEEPEST):
        if not opened.startswith(HEADER):
            return opened
        opened = _decrypt(opened, parsed, NOT_BOTH_KEYS if layer else NOT_OF_THIS_SEAL)
    msg = f"The seal has more than {DEEPEST} layers, so First Glance did not make it; use the seal of this round."
    raise SealError(msg)


def _decrypt(ciphertext: bytes, identities: list[x25519.Identity], what_to_do: str) -> bytes:
    try:
        return bytes(pyrage.decrypt(ciphertext, identities))
    except pyrage.DecryptError as error:
        msg = f"The seal does not open with the key given. {what_to_do}"
        raise SealError(msg) from error


def _parse_identity(text: str) -> x25519.Identity:
    try:
        return x25519.Identity.from_str(text.strip())
    except pyrage.IdentityError as error:
        msg = "That is not a key. A key begins with AGE-SECRET-KEY-1 and is one line; copy the whole line."
        raise SealError(msg) from error


def _parse_recipient(text: str) -> x25519.Recipient:
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        msg = "That is not a recipient. A recipient begins with age1; copy the public key, not the secret one."
        raise SealError(msg) from error
