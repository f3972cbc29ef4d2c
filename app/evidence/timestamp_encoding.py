"""RFC 3161 in DER: the query for an authority, and its reply in the form that `rfc3161-client` reads. Pure."""

from typing import Annotated

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

SHA256 = ObjectIdentifier("2.16.840.1.101.3.4.2.1")


@asn1.sequence
class DigestAlgorithm:
    """AlgorithmIdentifier of RFC 5280, of an algorithm without parameters."""

    algorithm: ObjectIdentifier
    parameters: asn1.Null


@asn1.sequence
class DigestImprint:
    """MessageImprint: what is stamped."""

    hash_algorithm: DigestAlgorithm
    hashed_message: bytes


@asn1.sequence
class TimestampQuery:
    """TimeStampReq, without the parts that are optional and not used here."""

    version: int
    message_imprint: DigestImprint
    nonce: int
    cert_req: bool


@asn1.sequence
class SignedParts:
    """SignedData of RFC 5652."""

    version: int
    digest_algorithms: asn1.TLV
    statement: asn1.TLV
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signatures: asn1.TLV


@asn1.sequence
class TokenParts:
    """TimeStampToken."""

    content_type: ObjectIdentifier
    signed_parts: Annotated[SignedParts, asn1.Explicit(0)]


@asn1.sequence
class ReplyParts:
    """TimeStampResp."""

    status: asn1.TLV
    token: TokenParts | None


def encode_query(digest: str, nonce: int) -> bytes:
    """The DER query for a time stamp of a digest (64 hexadecimal digits); the reply must repeat the nonce."""
    algorithm = DigestAlgorithm(algorithm=SHA256, parameters=asn1.Null())
    imprint = DigestImprint(hash_algorithm=algorithm, hashed_message=bytes.fromhex(digest))
    return asn1.encode_der(TimestampQuery(version=1, message_imprint=imprint, nonce=nonce, cert_req=True))


def sort_certificates(reply: bytes) -> bytes:
    """An authority's reply with its certificates in DER's order, which `rfc3161-client` insists on.

    OpenSSL and the authorities built on it write them in their own order. No signature covers it. Raises ValueError if
    the reply is no TimeStampResp.
    """
    parts = asn1.decode_der(ReplyParts, reply)
    if parts.token is None or parts.token.signed_parts.certificates is None:
        return reply
    parts.token.signed_parts.certificates.sort(key=asn1.encode_der)
    return asn1.encode_der(parts)
