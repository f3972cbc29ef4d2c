"""RFC 3161 time stamps: an authority outside signs that a digest existed at a time. Pure: nothing here is online.

What is stamped is the published digest itself, the commitment or the chain digest of an event: its 32 bytes are the
message imprint (SHA-256), they are not hashed again. So OpenSSL makes the same query and checks the same token:

    openssl ts -query -digest HEX -sha256 -cert -out query.tsq
    openssl ts -verify -digest HEX -in timestamps/lock-1.tsr -CAfile ROOTS.pem

`rfc3161-client` checks the signature, that its certificate is for time stamps and leads to a root that the verifier
gives, and that every certificate on the way was valid at the time of the stamp (it may have expired since). It
compares the imprint's bytes but not its algorithm, which is checked here. Revocation is not checked: that would need
the network. OpenSSL checks validity today instead, unless `-attime` is given.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography.x509 import Certificate, load_der_x509_certificate
from rfc3161_client import (
    PKIStatus,
    TimeStampResponse,
    TimeStampTokenInfo,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from app.evidence.authority_certificates import (
    UNREADABLE,
    TrustedCertificates,
    certificate_problem,
    no_warnings,
)
from app.evidence.timestamp_encoding import SHA256, sort_certificates
from app.foundation.errors import TimestampError

DAMAGED = "The time stamp is damaged: {reason}. Get it again from where it came from."


def stamped_time(reply: bytes, digest: str, nonce: int | None = None) -> datetime:
    """The time that an authority's reply states for a digest; its signature is not checked.

    `reply` is a DER TimeStampResp, the content of a .tsr file. Raises TimestampError if the authority refused, if the
    reply is damaged, or if it is for another digest or another query than the one with this nonce.
    """
    with no_warnings():
        statement = _granted_statement(_read_reply(reply))
        imprint = statement.message_imprint
    if imprint.hash_algorithm != SHA256 or imprint.message.hex() != digest:
        msg = f"The time stamp is for another digest ({imprint.message.hex()}), not for {digest}."
        raise TimestampError(msg)
    if nonce is not None and statement.nonce != nonce:
        msg = "The authority answered another query than this one; ask again, or ask another authority."
        raise TimestampError(msg)
    return statement.gen_time.astimezone(UTC)


def is_time_stamp_of(reply: bytes, digest: str) -> bool:
    """Whether an authority's reply is a time stamp for a digest; its signature is not checked."""
    try:
        stamped_time(reply, digest)
    except TimestampError:
        return False
    return True


def verified_time(reply: bytes, digest: str, trusted: TrustedCertificates) -> datetime:
    """The time that a time stamp proves for a digest, to someone who trusts these certificates.

    Raises TimestampError as `stamped_time` does, and if the authority's certificate is not for time stamps, leads to no
    trusted root, or was not valid at the time of the stamp, or if the signature does not match.
    """
    moment = stamped_time(reply, digest)
    try:
        with no_warnings():
            _verify_signature(_read_reply(reply), digest, trusted, moment)
    except UNREADABLE as error:
        msg = DAMAGED.format(reason="its signature or a certificate in it cannot be read")
        raise TimestampError(msg) from error
    return moment


def _read_reply(reply: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(sort_certificates(reply))
    except UNREADABLE as error:
        msg = DAMAGED.format(reason="it cannot be read as an RFC 3161 reply")
        raise TimestampError(msg) from error


def _granted_statement(response: TimeStampResponse) -> TimeStampTokenInfo:
    """What the token states. Raises TimestampError if the authority gave none, or if it cannot be read."""
    if response.status != PKIStatus.GRANTED:
        reason = "; ".join(response.status_string) or f"status {response.status}"
        msg = f"The authority refused to stamp ({reason}); ask another authority."
        raise TimestampError(msg)
    try:
        return response.tst_info
    except UNREADABLE as error:
        msg = DAMAGED.format(reason="it holds no token that can be read")
        raise TimestampError(msg) from error


def _verify_signature(response: TimeStampResponse, digest: str, trusted: TrustedCertificates, moment: datetime) -> None:
    embedded = [load_der_x509_certificate(der) for der in sorted(response.signed_data.certificates)]
    signer = _signer_certificate(response, [*embedded, *trusted.intermediates, *trusted.roots])
    given_signer = None if signer in embedded else signer  # the library trusts the one that it is given
    verifier = VerifierBuilder(
        tsa_certificate=given_signer, intermediates=list(trusted.intermediates), roots=list(trusted.roots)
    ).build()
    try:
        verifier.verify(response, bytes.fromhex(digest))
    except (VerificationError, *UNREADABLE) as error:
        problem = certificate_problem(signer, embedded, trusted, moment)
        msg = problem or DAMAGED.format(reason="its signature or that of a certificate does not match")
        raise TimestampError(msg) from error


def _signer_certificate(response: TimeStampResponse, candidates: Sequence[Certificate]) -> Certificate:
    """The certificate that the token's only signature names."""
    signers = [(signer.issuer, signer.serial_number) for signer in response.signed_data.signer_infos]
    if len(signers) != 1:
        msg = DAMAGED.format(reason=f"it has {len(signers)} signatures instead of one")
        raise TimestampError(msg)
    issuer, serial_number = signers[0]
    for certificate in candidates:
        if certificate.issuer == issuer and certificate.serial_number == serial_number:
            return certificate
    msg = f"The time stamp's own certificate, issued by “{issuer.rfc4514_string()}”, is missing; add it to the roots."
    raise TimestampError(msg)
