"""The key of a round, which signs receipts and exports: Ed25519 (RFC 8032). Pure, apart from drawing a new key.

The commitment names the public half, so whoever has the commitment can tell what the round signed from what it did not.
"""

from dataclasses import dataclass, field
from typing import Literal, Self, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict

from app.evidence.entries import LogEntry
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.json_types import JsonObject

SIGNATURE = "signature"
"""The field of a signed JSON object that its signature does not cover."""


@dataclass(frozen=True)
class SigningKey:
    """Both halves of a round's key. It prints as its public half."""

    _private_key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """A new key, drawn by the operating system."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_text(cls, private_text: str) -> Self:
        """The key that `private_text` describes. Raises ValueError unless it is 64 hexadecimal digits."""
        return cls(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(private_text)))

    @property
    def private_text(self) -> str:
        """The secret half, as 64 hexadecimal digits."""
        return self._private_key.private_bytes_raw().hex()

    @property
    def public_key(self) -> str:
        """The public half, as 64 hexadecimal digits."""
        return self._private_key.public_key().public_bytes_raw().hex()

    def sign(self, json_object: JsonObject) -> str:
        """The signature of a JSON object's canonical bytes without its field `signature`, as 128 hexadecimal digits."""
        return self._private_key.sign(_signed_bytes(json_object)).hex()

    def __repr__(self) -> str:
        return f"SigningKey({self.public_key})"


class ExportSignature(BaseModel):
    """The content of an export's signature.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[2] = 2
    key: str
    """The public half of the key that signed."""
    digests_sha256: str
    """SHA-256 of the bytes of digests.json, which has the digest of every other file."""
    signature: str = ""
    """Signature of the canonical bytes of the other fields."""


def is_signed(json_object: JsonObject, public_key: str) -> bool:
    """Whether the object's field `signature` is the signature of its other fields under a public key (hexadecimal)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
        key.verify(bytes.fromhex(str(json_object.get(SIGNATURE))), _signed_bytes(json_object))
    except (InvalidSignature, ValueError):
        return False
    return True


def sign_digests(signing_key: SigningKey, digests: bytes) -> ExportSignature:
    """The content of an export's signature.json; `digests` are the bytes of its digests.json."""
    unsigned = ExportSignature(key=signing_key.public_key, digests_sha256=sha256(digests))
    return unsigned.model_copy(update={SIGNATURE: signing_key.sign(unsigned.model_dump())})


def sign_event(signing_key: SigningKey, previous: str, event: LogEntry) -> str:
    """The signature of an event and, through the chain digest `previous`, of the whole log before it."""
    return signing_key.sign(_signed_event(previous, event))


def is_event_signed(previous: str, event: LogEntry, public_key: str) -> bool:
    """Whether the detail of an event holds its signature under a public key (hexadecimal)."""
    return is_signed(_signed_event(previous, event) | {SIGNATURE: event["detail"].get(SIGNATURE)}, public_key)


def signature_problem(export_signature: ExportSignature, digests: bytes, receipt_key: str | None) -> str | None:
    """What is wrong with an export's signature.json, in a sentence; None if the round's key signed these digests.

    `receipt_key` is the public key that the commitment names; None if the round was sealed by version 0.1.
    """
    if receipt_key is None:
        return "The export is signed, but its commitment names no key, so anyone can have signed it."
    if export_signature.key != receipt_key:
        return "The export is signed by another key than the one that its commitment names."
    if not is_signed(export_signature.model_dump(), receipt_key):
        return "signature.json was not signed by the key of the round: it is forged, or it was changed."
    if export_signature.digests_sha256 != sha256(digests):
        return "digests.json was changed after the key of the round signed it."
    return None


def _signed_event(previous: str, event: LogEntry) -> JsonObject:
    detail = {name: value for name, value in event["detail"].items() if name != SIGNATURE}
    return {"previous": previous, "event": {**cast("JsonObject", event), "detail": detail}}


def _signed_bytes(json_object: JsonObject) -> bytes:
    """The bytes that a signature covers: RFC 8785, without the signature."""
    return canonical_bytes({name: value for name, value in json_object.items() if name != SIGNATURE})
