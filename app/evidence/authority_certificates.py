"""Certificates of time-stamping authorities: those that a verifier trusts, and why a token's certificate is refused.

`rfc3161-client` decides whether a token is accepted. What stands here finds the reason for a sentence that helps.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509 import (
    BasicConstraints,
    Certificate,
    ExtendedKeyUsage,
    ExtensionNotFound,
    InvalidVersion,
    NameOID,
    load_pem_x509_certificate,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.foundation.errors import TimestampError

UNREADABLE = (ValueError, TypeError, KeyError, UnsupportedAlgorithm, InvalidVersion)
"""What reading damaged certificates and signatures raises."""
START_OF_CERTIFICATE = re.compile(rb"(?=-----BEGIN (?:X509 )?CERTIFICATE-----)")
LONGEST_CHAIN = 10
"""Most certificates that are followed from an authority's to a root."""


@dataclass(frozen=True)
class TrustedCertificates:
    """What a verifier trusts: roots, which sign themselves, and certificates that lead from a token to a root."""

    roots: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...]


def read_trusted_certificates(pem: bytes) -> TrustedCertificates:
    """The certificates in a PEM file. Raises TimestampError if one is damaged, or if none signs itself."""
    with no_warnings():
        certificates = dict.fromkeys(_read_certificates(pem))
        roots = tuple(certificate for certificate in certificates if _was_issued_by(certificate, certificate))
    if not roots:
        msg = "The file of roots holds no root certificate (one that signs itself); add the authority's root."
        raise TimestampError(msg)
    return TrustedCertificates(roots, tuple(certificate for certificate in certificates if certificate not in roots))


@contextmanager
def no_warnings() -> Iterator[None]:
    """Without the warnings for programmers that `cryptography` gives about odd or damaged certificates."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        yield


def certificate_problem(
    signer: Certificate, embedded: Sequence[Certificate], trusted: TrustedCertificates, moment: datetime
) -> str:
    """A sentence that says why the authority's certificate does not hold at a moment; empty if no reason is known.

    `signer` is the certificate of a token's signature, `embedded` are all certificates in the token.
    """
    if not _is_for_time_stamps(signer):
        return f"The certificate “{subject_name(signer)}” that signed the time stamp is not for time stamps."
    chain = list(_issuing_chain(signer, [*trusted.roots, *trusted.intermediates, *embedded]))
    if chain[-1] not in trusted.roots:
        return (
            f"The authority “{subject_name(signer)}” is not trusted: no root that you gave stands behind its "
            f"certificate (it leads to “{chain[-1].issuer.rfc4514_string()}”)."
        )
    for link in chain[1:]:
        if not _may_certify(link):
            return f"“{subject_name(link)}” certified the authority, but its own certificate does not allow that."
    for link in chain:
        if moment > link.not_valid_after_utc:
            return (
                f"The certificate “{subject_name(link)}” had expired at the time of the stamp "
                f"(valid until {link.not_valid_after_utc}, stamped {moment})."
            )
        if moment < link.not_valid_before_utc:
            return (
                f"The certificate “{subject_name(link)}” was not valid yet at the time of the stamp "
                f"(valid from {link.not_valid_before_utc}, stamped {moment})."
            )
    return ""


def _read_certificates(pem: bytes) -> Iterator[Certificate]:
    parts = START_OF_CERTIFICATE.split(pem)[1:]
    if not parts:
        msg = "The file of roots holds no certificate; give the authority's root certificate as PEM."
        raise TimestampError(msg)
    for number, part in enumerate(parts, start=1):
        try:
            yield load_pem_x509_certificate(part)
        except UNREADABLE as error:
            msg = f"Certificate {number} of {len(parts)} in the file of roots is damaged; get it again or take it out."
            raise TimestampError(msg) from error


def subject_name(x509_certificate: Certificate) -> str:
    """The common name of a certificate's subject, or the whole subject if it has none."""
    names = x509_certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else x509_certificate.subject.rfc4514_string()


def _issuing_chain(signer: Certificate, candidates: Sequence[Certificate]) -> Iterator[Certificate]:
    """The signer's certificate, its issuer's, and so on, as far as the candidates reach; roots are tried first."""
    x509_certificate: Certificate | None = signer
    for _ in range(LONGEST_CHAIN):
        if x509_certificate is None:
            return
        yield x509_certificate
        if _was_issued_by(x509_certificate, x509_certificate):
            return
        current = x509_certificate
        x509_certificate = next((candidate for candidate in candidates if _was_issued_by(current, candidate)), None)


def _was_issued_by(x509_certificate: Certificate, issuer: Certificate) -> bool:
    try:
        x509_certificate.verify_directly_issued_by(issuer)
    except (*UNREADABLE, InvalidSignature):
        return False
    return True


def _may_certify(x509_certificate: Certificate) -> bool:
    try:
        return x509_certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (*UNREADABLE, ExtensionNotFound):
        return False


def _is_for_time_stamps(x509_certificate: Certificate) -> bool:
    """Whether time stamps are the one purpose of the certificate, marked critical (RFC 3161, 2.3)."""
    try:
        extension = x509_certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    except (*UNREADABLE, ExtensionNotFound):
        return False
    return extension.critical and list(extension.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
