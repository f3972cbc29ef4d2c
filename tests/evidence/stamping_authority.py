"""A time-stamping authority for tests: `openssl ts` with certificates made here, on loopback if it is served."""

import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.conftest import skip_or_fail_without

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
DAY = timedelta(days=1)
NOW = datetime.now(UTC).replace(microsecond=0)
CONFIGURATION = """
[tsa]
serial = {folder}/serial
default_policy = 1.2.3.4
digests = {digests}
signer_digest = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
tsa_name = yes
"""
TST_INFO = "1.2.840.113549.1.9.16.1.4"
"""The type of content that a time stamp signs."""


@dataclass(frozen=True)
class Certified:
    """A key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)


def require_openssl() -> None:
    """Skip this test where `openssl` is missing."""
    if shutil.which("openssl") is None:
        skip_or_fail_without("openssl")


def make_key(kind: str = "ecdsa") -> PrivateKey:
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ecdsa" else rsa.generate_private_key(65537, 2048)


def certify(
    name: str,
    issuer: Certified | None = None,
    *,
    kind: str = "ecdsa",
    is_authority: bool = False,
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    start: datetime = NOW - DAY,
    end: datetime = NOW + DAY,
) -> Certified:
    """A new key with a certificate from `issuer`, or from itself; one with `is_authority` may issue others."""
    key = make_key(kind)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if not is_authority and purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    return Certified(key, builder.sign(issuer.key if issuer else key, hashes.SHA256()))


class StampingAuthority:
    """Answers queries by `openssl ts -reply`, in a folder of its own."""

    def __init__(
        self, folder: Path, signer: Certified, chain: tuple[Certified, ...] = (), digests: str = "sha256"
    ) -> None:
        require_openssl()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.chain = folder, chain
        key = signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "key.pem").write_bytes(key)
        (folder / "signer.pem").write_bytes(signer.pem)
        (folder / "chain.pem").write_bytes(b"".join(certified.pem for certified in chain))
        (folder / "serial").write_text("01")
        (folder / "tsa.cnf").write_text(CONFIGURATION.format(folder=folder, digests=digests))

    def reply(self, query: bytes) -> bytes:
        """The authority's reply to a DER query."""
        (self.folder / "query.tsq").write_bytes(query)
        chain = ["-chain", "chain.pem"] if self.chain else []
        command = ["ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query.tsq"]
        self._openssl(*command, "-signer", "signer.pem", "-inkey", "key.pem", *chain, "-out", "reply.tsr")
        return (self.folder / "reply.tsr").read_bytes()

    def forged_reply(self, reply: bytes, moment: datetime | None = None) -> bytes:
        """What this authority's key signs of what another authority stated, at another moment if one is given."""
        (self.folder / "reply.tsr").write_bytes(reply)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-in", "reply.tsr", "-token_out", "-out", "token.der")
        read = ["cms", "-verify", "-noverify", "-nosigs", "-binary", "-inform", "DER", "-in", "token.der"]
        self._openssl(*read, "-out", "statement.der")
        statement = (self.folder / "statement.der").read_bytes()
        if moment is not None:
            start = statement.index(b"\x18\x0f20") + 2  # GeneralizedTime of 15 characters
            statement = statement[:start] + f"{moment:%Y%m%d%H%M%SZ}".encode() + statement[start + 15 :]
        (self.folder / "statement.der").write_bytes(statement)
        sign = ["cms", "-sign", "-binary", "-nodetach", "-nosmimecap", "-econtent_type", TST_INFO, "-outform", "DER"]
        self._openssl(*sign, "-in", "statement.der", "-signer", "signer.pem", "-inkey", "key.pem", "-out", "forged.der")
        wrap = ["ts", "-reply", "-config", "tsa.cnf", "-token_in", "-in", "forged.der", "-out", "forged.tsr"]
        self._openssl(*wrap)
        return (self.folder / "forged.tsr").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        command = ["openssl", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


class QuietServer(ThreadingHTTPServer):
    """A server that prints nothing if a client does not wait for its answer."""

    def handle_error(self, *_: object) -> None:
        pass


class QuietTcpServer(ThreadingTCPServer):
    """A server of plain bytes that waits for no connection when it ends."""

    daemon_threads, block_on_close = True, False


@contextmanager
def served(respond: Callable[[bytes], tuple[int, str, bytes]]) -> Iterator[str]:
    """The address of a server on loopback whose `respond` turns a request's body into (status, type, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, content_type, body = respond(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = QuietServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def served_bytes(respond: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server on loopback whose `respond` writes whatever it likes to a connection that was opened."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            with suppress(OSError):
                respond(self.request)

    with QuietTcpServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
        finally:
            server.shutdown()


@contextmanager
def served_authority(authority: StampingAuthority) -> Iterator[str]:
    """The address of an authority that replies over HTTP."""
    with served(lambda query: (200, "application/timestamp-reply", authority.reply(query))) as address:
        yield address


def hang(_query: bytes) -> tuple[int, str, bytes]:
    """Answer too late."""
    time.sleep(0.6)
    return 200, "application/timestamp-reply", b""
