"""Time stamps by a real authority, `openssl ts`, are verified offline; each way to be wrong has its sentence."""

import random
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from app.evidence.authority_certificates import TrustedCertificates, read_trusted_certificates
from app.evidence.timestamp_encoding import encode_query
from app.evidence.timestamps import stamped_time, verified_time
from app.foundation.errors import TimestampError
from tests.evidence.stamping_authority import DAY, NOW, Certified, StampingAuthority, certify

DIGEST, OTHER_DIGEST = "5a" * 32, "5b" * 32
NONCE = 20260105
Sign = Callable[..., bytes]


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify("Root", is_authority=True)


@pytest.fixture(scope="module")
def trusted(root: Certified) -> TrustedCertificates:
    return read_trusted_certificates(root.pem)


@pytest.fixture(scope="module")
def authority(root: Certified, tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return StampingAuthority(tmp_path_factory.mktemp("authority"), certify("Authority", root))


@pytest.fixture(scope="module")
def reply(authority: StampingAuthority) -> bytes:
    return authority.reply(encode_query(DIGEST, NONCE))


@pytest.fixture
def forge(reply: bytes, tmp_path: Path) -> Sign:
    """Sign what the real reply states with another certificate, as an authority that breaks the rules."""
    return lambda signer, moment=None: StampingAuthority(tmp_path / "forger", signer).forged_reply(reply, moment)


@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("through_intermediate", [False, True], ids=["from the root", "through an intermediate"])
def test_a_stamp_proves_the_time_of_its_digest(tmp_path: Path, kind: str, through_intermediate: bool) -> None:
    root = certify("Root", is_authority=True, kind=kind)
    issuer = certify("Intermediate", root, is_authority=True, kind=kind) if through_intermediate else root
    chain = (issuer,) if through_intermediate else ()
    authority = StampingAuthority(tmp_path, certify("Authority", issuer, kind=kind), chain)
    moment = verified_time(authority.reply(encode_query(DIGEST, NONCE)), DIGEST, read_trusted_certificates(root.pem))
    assert abs(moment - NOW) < timedelta(minutes=10)
    assert moment.utcoffset() == timedelta(0)


def test_an_intermediate_that_the_token_lacks_can_be_given_with_the_roots(tmp_path: Path) -> None:
    root = certify("Root", is_authority=True)
    intermediate = certify("Intermediate", root, is_authority=True)
    authority = StampingAuthority(tmp_path, certify("Authority", intermediate))
    reply = authority.reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match=r"“Authority” is not trusted.*CN=Intermediate"):
        verified_time(reply, DIGEST, read_trusted_certificates(root.pem))
    assert verified_time(reply, DIGEST, read_trusted_certificates(root.pem + intermediate.pem))


def test_an_intermediate_alone_is_no_root(root: Certified) -> None:
    with pytest.raises(TimestampError, match="no root certificate"):
        read_trusted_certificates(certify("Intermediate", root, is_authority=True).pem)


def test_a_damaged_certificate_among_the_roots_is_named_by_its_number(root: Certified) -> None:
    damaged = certify("Root", is_authority=True).pem.replace(b"MII", b"MXX")
    with pytest.raises(TimestampError, match="Certificate 2 of 3 in the file of roots is damaged"):
        read_trusted_certificates(root.pem + b"a comment\n" + damaged + root.pem)
    cut = root.pem[:200]
    with pytest.raises(TimestampError, match="Certificate 2 of 2 in the file of roots is damaged"):
        read_trusted_certificates(root.pem + cut)
    with pytest.raises(TimestampError, match="holds no certificate"):
        read_trusted_certificates(b"no roots")


def test_openssl_verifies_the_same_token_by_the_digest(reply: bytes, root: Certified, tmp_path: Path) -> None:
    (tmp_path / "reply.tsr").write_bytes(reply)
    (tmp_path / "roots.pem").write_bytes(root.pem)
    command = ["openssl", "ts", "-verify", "-digest", DIGEST, "-in", "reply.tsr", "-CAfile", "roots.pem"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert "Verification: OK" in done.stdout + done.stderr


def test_a_stamp_of_another_digest_is_refused(reply: bytes, trusted: TrustedCertificates) -> None:
    with pytest.raises(TimestampError, match=f"another digest.*{DIGEST}.*not for {OTHER_DIGEST}"):
        verified_time(reply, OTHER_DIGEST, trusted)


def test_a_stamp_whose_digest_is_of_another_kind_is_refused(tmp_path: Path, root: Certified) -> None:
    """SHA3-256 gives as many bytes as SHA-256: the bytes alone do not tell the two apart."""
    authority = StampingAuthority(tmp_path, certify("Authority", root), digests="sha3-256")
    command = ["openssl", "ts", "-query", "-digest", DIGEST, "-sha3-256", "-cert", "-out", "query.tsq"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    reply = authority.reply((tmp_path / "query.tsq").read_bytes())
    with pytest.raises(TimestampError, match="another digest"):
        stamped_time(reply, DIGEST)


def test_an_answer_to_another_query_is_refused(reply: bytes) -> None:
    assert stamped_time(reply, DIGEST, NONCE)
    with pytest.raises(TimestampError, match="another query"):
        stamped_time(reply, DIGEST, NONCE + 1)


def test_an_authority_that_no_root_stands_behind_is_not_trusted(reply: bytes) -> None:
    strangers = read_trusted_certificates(certify("Root", is_authority=True).pem)  # of the same name
    with pytest.raises(TimestampError, match="“Authority” is not trusted: no root that you gave"):
        verified_time(reply, DIGEST, strangers)


@pytest.mark.parametrize("embeds_root", [False, True], ids=["signs itself", "brings its own root"])
def test_an_authority_that_vouches_for_itself_is_not_trusted(
    tmp_path: Path, trusted: TrustedCertificates, embeds_root: bool
) -> None:
    own_root = certify("Root", is_authority=True)
    impostor, chain = (certify("Impostor", own_root), (own_root,)) if embeds_root else (certify("Impostor"), ())
    reply = StampingAuthority(tmp_path, impostor, chain).reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match="“Impostor” is not trusted"):
        verified_time(reply, DIGEST, trusted)


def test_a_token_without_certificates_is_verified_with_one_that_is_given(
    root: Certified, trusted: TrustedCertificates, tmp_path: Path
) -> None:
    signer = certify("Authority", root)
    query = ["openssl", "ts", "-query", "-digest", DIGEST, "-sha256", "-out", "query.tsq"]  # asks for no certificate
    subprocess.run(query, cwd=tmp_path, check=True, capture_output=True)
    reply = StampingAuthority(tmp_path, signer).reply((tmp_path / "query.tsq").read_bytes())
    with pytest.raises(TimestampError, match=r"certificate, issued by “CN=Root”, is missing; add it"):
        verified_time(reply, DIGEST, trusted)
    assert verified_time(reply, DIGEST, read_trusted_certificates(root.pem + signer.pem))


def test_an_authority_certified_by_one_that_may_not_certify_is_refused(
    root: Certified, trusted: TrustedCertificates, tmp_path: Path
) -> None:
    shop = certify("Some shop", root, purposes=())
    reply = StampingAuthority(tmp_path, certify("Impostor", shop), (shop,)).reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match="“Some shop” certified the authority, but"):
        verified_time(reply, DIGEST, trusted)


def test_a_certificate_that_had_expired_at_the_time_of_the_stamp_is_refused(
    root: Certified, trusted: TrustedCertificates, tmp_path: Path
) -> None:
    expired = certify("Authority", root, start=NOW - 9 * DAY, end=NOW - DAY)
    reply = StampingAuthority(tmp_path, expired).reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match=r"“Authority” had expired at the time of the stamp"):
        verified_time(reply, DIGEST, trusted)


def test_a_certificate_that_was_not_valid_yet_is_refused(
    root: Certified, trusted: TrustedCertificates, tmp_path: Path
) -> None:
    early = certify("Authority", root, start=NOW + DAY, end=NOW + 9 * DAY)
    reply = StampingAuthority(tmp_path, early).reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match=r"“Authority” was not valid yet"):
        verified_time(reply, DIGEST, trusted)


def test_an_expired_root_is_refused_too(tmp_path: Path) -> None:
    root = certify("Old root", is_authority=True, start=NOW - 9 * DAY, end=NOW - DAY)
    reply = StampingAuthority(tmp_path, certify("Authority", root)).reply(encode_query(DIGEST, NONCE))
    with pytest.raises(TimestampError, match="“Old root” had expired"):
        verified_time(reply, DIGEST, read_trusted_certificates(root.pem))


def test_a_stamp_stays_good_after_its_certificates_expired(forge: Sign) -> None:
    root = certify("Root", is_authority=True, start=NOW - 900 * DAY, end=NOW - 100 * DAY)
    signer = certify("Authority", root, start=NOW - 800 * DAY, end=NOW - 200 * DAY)
    moment = NOW - 500 * DAY
    assert verified_time(forge(signer, moment), DIGEST, read_trusted_certificates(root.pem)) == moment


@pytest.mark.parametrize(
    "purposes",
    [
        (ExtendedKeyUsageOID.CODE_SIGNING,),
        (ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING),
        (),
    ],
    ids=["another purpose", "two purposes", "no purpose"],
)
def test_a_certificate_that_is_not_for_time_stamps_is_refused(
    root: Certified, trusted: TrustedCertificates, forge: Sign, purposes: tuple[()]
) -> None:
    with pytest.raises(TimestampError, match="“Shop” that signed the time stamp is not for time stamps"):
        verified_time(forge(certify("Shop", root, purposes=purposes)), DIGEST, trusted)


def test_an_authority_that_refuses_is_quoted(tmp_path: Path, root: Certified) -> None:
    authority = StampingAuthority(tmp_path, certify("Authority", root), digests="sha512")
    with pytest.raises(TimestampError, match=r"refused to stamp \(Message digest algorithm is not supported"):
        stamped_time(authority.reply(encode_query(DIGEST, NONCE)), DIGEST)


def test_a_time_that_was_changed_in_the_token_is_noticed(reply: bytes, trusted: TrustedCertificates) -> None:
    year = f"{NOW:%Y%m}".encode()
    earlier = reply.replace(b"\x18\x0f" + year, b"\x18\x0f" + b"202401", 1)
    assert stamped_time(earlier, DIGEST).year == 2024
    with pytest.raises(TimestampError, match=r"not valid yet|does not match"):
        verified_time(earlier, DIGEST, trusted)


@pytest.mark.parametrize("damaged", [b"", b"\x30", b"<html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_token_is_called_damaged(damaged: bytes) -> None:
    with pytest.raises(TimestampError, match="is damaged"):
        stamped_time(damaged, DIGEST)


def test_a_grant_without_a_token_is_called_damaged() -> None:
    with pytest.raises(TimestampError, match="no token"):
        stamped_time(b"\x30\x05\x30\x03\x02\x01\x00", DIGEST)


def test_no_changed_byte_changes_what_a_stamp_proves(reply: bytes, trusted: TrustedCertificates) -> None:
    """A changed token is refused by a sentence, or it proves what it proved (a few bytes are covered by nothing)."""
    moment = verified_time(reply, DIGEST, trusted)
    randomness = random.Random(1)
    refused = 0
    for _ in range(1000):
        changed = bytearray(reply)
        changed[randomness.randrange(len(reply))] ^= randomness.randrange(1, 256)
        try:
            assert verified_time(bytes(changed), DIGEST, trusted) == moment
        except TimestampError:
            refused += 1
    assert refused > 950


def test_a_truncated_token_is_refused(reply: bytes, trusted: TrustedCertificates) -> None:
    for length in range(0, len(reply), 25):
        with pytest.raises(TimestampError):
            verified_time(reply[:length], DIGEST, trusted)
