"""The key that keeps aids from whoever reads the database: AES-256-GCM. Pure, apart from drawing keys and nonces.

All aids of a round are encrypted to texts of one length, because lengths tell the arms apart. Each is bound to its
round and its item, so that nobody can exchange two of them unnoticed.
"""

import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import ValidationError

from app.foundation.errors import JudgmentError
from app.foundation.translatable import translatable
from app.rounds.aids import Aids
from app.tasks.item import Item

KEY_BYTES = 32
NONCE_BYTES = 12
PREFIX = "aes256gcm:"
"""The beginning of encrypted aids; those of version 0.1 are JSON and begin with a brace."""
AIDS_ARE_LOST = translatable(
    "The closer look cannot be shown: the server has lost the key to it. Your answer is not affected; go on without it."
)


@dataclass(frozen=True)
class StoredAids:
    """The aids of an item as the database has them."""

    round_id: str
    item: Item
    stored_text: str


@dataclass(frozen=True)
class AidsKey:
    """The key to the aids of a round. It never prints."""

    _secret: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """A new key, drawn by the operating system."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @classmethod
    def from_text(cls, private_text: str) -> Self:
        """The key that `private_text` describes. Raises ValueError unless it is 64 hexadecimal digits."""
        secret = bytes.fromhex(private_text)
        if len(secret) != KEY_BYTES:
            msg = f"a key has {2 * KEY_BYTES} hexadecimal digits"
            raise ValueError(msg)
        return cls(secret)

    @property
    def private_text(self) -> str:
        """The key as 64 hexadecimal digits."""
        return self._secret.hex()

    def encrypt_aids(self, round_id: str, aids_by_code: Mapping[str, str]) -> dict[str, str]:
        """{code: encrypted text} of {code: JSON of aids}, in the order of codes and all of one length."""
        plain = {code: aids_by_code[code].encode() for code in sorted(aids_by_code)}
        longest = max(map(len, plain.values()), default=0)
        return {code: self._encrypt(round_id, code, aids.ljust(longest)) for code, aids in plain.items()}

    def _encrypt(self, round_id: str, code: str, plain: bytes) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        return PREFIX + b64encode(nonce + AESGCM(self._secret).encrypt(nonce, plain, _context(round_id, code))).decode()

    def decrypt_aids(self, stored: StoredAids) -> bytes:
        """The JSON of encrypted aids. Raises ValueError or InvalidTag if another key, round or item encrypted them."""
        encrypted = b64decode(stored.stored_text.removeprefix(PREFIX), validate=True)
        nonce, text = encrypted[:NONCE_BYTES], encrypted[NONCE_BYTES:]
        return AESGCM(self._secret).decrypt(nonce, text, _context(stored.round_id, stored.item.code))


def read_stored_aids(stored: StoredAids, aids_key: AidsKey | None) -> Aids:
    """The aids, decrypted unless version 0.1 stored them. Raises JudgmentError if the key is lost or another one."""
    if not is_encrypted(stored.stored_text):
        return Aids.model_validate_json(stored.stored_text)
    if aids_key is None:
        raise JudgmentError(AIDS_ARE_LOST)
    try:
        return Aids.model_validate_json(aids_key.decrypt_aids(stored))
    except (InvalidTag, ValueError, ValidationError) as error:
        raise JudgmentError(AIDS_ARE_LOST) from error


def is_encrypted(stored_text: str) -> bool:
    """Whether stored aids are encrypted, as they are since version 0.2."""
    return stored_text.startswith(PREFIX)


def _context(round_id: str, code: str) -> bytes:
    return f"aids {round_id} {code}".encode()
