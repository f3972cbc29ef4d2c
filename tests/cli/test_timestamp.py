"""`firstglance round timestamp` against a real authority on loopback, and against servers that are none."""

import gzip
import json
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.archive.archive import Archive
from app.cli.main import cli
from app.cli.round import timestamp
from app.evidence.authority_certificates import read_trusted_certificates
from app.evidence.timestamps import verified_time
from app.services.log import round_events
from app.services.timestamps import exported_timestamps
from app.store.engine import Database
from tests.cli.conftest import Run
from tests.evidence.stamping_authority import (
    Certified,
    StampingAuthority,
    certify,
    hang,
    served,
    served_authority,
    served_bytes,
)

REASON = ("--reason", "to see what happens")
REPLY_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n"
Page = Callable[[bytes], tuple[int, str, bytes]]


@pytest.fixture(scope="module")
def root() -> Certified:
    return certify("Root", is_authority=True)


@pytest.fixture(scope="module")
def authority(root: Certified, tmp_path_factory: pytest.TempPathFactory) -> StampingAuthority:
    return StampingAuthority(tmp_path_factory.mktemp("authority"), certify("Authority", root))


@pytest.fixture(scope="module")
def address(authority: StampingAuthority) -> Iterator[str]:
    """The address of the authority."""
    with served_authority(authority) as address:
        yield address


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the servers on this machine directly, whatever the environment says."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def sealed_folder(
    data_folder_with_admin: Path, archives: tuple[Archive, Archive], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder with a sealed round, and its keys beside it; tests work on a copy."""
    folder = tmp_path_factory.mktemp("sealed")
    shutil.copytree(data_folder_with_admin, folder / "data")
    arms = [f"--arm={arm}={archive.path}" for arm, archive in zip(("axolotl", "quokka"), archives, strict=True)]
    draft = run_round(folder, "create", "--title", "Spring", "--preset", "quick", "--neurons", "3", *arms)
    run_round(folder, "seal", draft, "--no-audit", "--keys-to", str(folder / "keys"))
    return folder


def run_round(folder: Path, *words: str) -> str:
    """What a command of a round prints."""
    result = CliRunner().invoke(cli, ["--data", str(folder / "data"), "round", *words])
    assert result.exit_code == 0, result.output
    return result.output.strip()


@pytest.fixture
def sealed(sealed_folder: Path, tmp_path: Path) -> str:
    """The id of a sealed round."""
    shutil.copytree(sealed_folder, tmp_path, dirs_exist_ok=True)
    (summary,) = json.loads(run_round(tmp_path, "list", "--json"))
    return str(summary["id"])


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """The database of the command."""
    database = Database(f"sqlite:///{tmp_path / 'data' / 'firstglance.db'}")
    yield database
    database.close()


@pytest.fixture
def roots_file(root: Certified, tmp_path: Path) -> Path:
    (tmp_path / "roots.pem").write_bytes(root.pem)
    return tmp_path / "roots.pem"


def test_commitment_and_lock_are_stamped_and_kept_for_the_export(
    run: Run, sealed: str, address: str, database: Database, root: Certified, roots_file: Path
) -> None:
    stamped = run("round", "timestamp", sealed, "--authority", address, "--json")
    assert stamped.exit_code == 0, stamped.output
    commitment = json.loads(stamped.output)
    assert commitment["digest"] == json.loads(run("round", "status", sealed, "--json").output)["commitment"]
    assert (commitment["of"], commitment["authority"]) == ("commitment", address)
    for step in (("open", sealed), ("lock", sealed, "--yes")):
        assert run("round", *step).exit_code == 0
    printed = run("round", "timestamp", sealed, "--authority", address, "--of", "lock", "--roots", roots_file).output
    assert "checked with these roots" in printed
    with database.reading() as session:
        files = exported_timestamps(session, sealed)
        events = [event for event in round_events(session, sealed) if event.action == "time stamped"]
    digests = [str(event.detail["digest"]) for event in events]
    assert digests[0] == commitment["digest"]
    assert digests[1] in printed
    assert list(files) == ["timestamps/commitment-1.tsr", "timestamps/lock-1.tsr"]
    for digest, reply in zip(digests, files.values(), strict=True):
        assert verified_time(reply, digest, read_trusted_certificates(root.pem))


def test_an_account_in_the_address_is_not_published(run: Run, sealed: str, address: str) -> None:
    private = address.replace("://", "://user:secret@") + "?key=secret"
    stamped = run("round", "timestamp", sealed, "--authority", private, "--json")
    assert json.loads(stamped.output)["authority"] == address
    assert "secret" not in stamped.output


def test_a_stamp_that_no_given_root_stands_behind_is_not_stored(
    run: Run, sealed: str, address: str, tmp_path: Path, database: Database
) -> None:
    (tmp_path / "other.pem").write_bytes(certify("Root", is_authority=True).pem)
    refused = run("round", "timestamp", sealed, "--authority", address, "--roots", tmp_path / "other.pem")
    assert (refused.exit_code, "is not trusted" in refused.stderr) == (1, True)
    with database.reading() as session:
        assert exported_timestamps(session, sealed) == {}


def test_a_file_without_roots_is_refused_before_anything_is_asked(run: Run, sealed: str, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_bytes(b"")
    for name, complaint in (("empty.pem", "holds no certificate"), ("missing.pem", "cannot be read")):
        refused = run("round", "timestamp", sealed, "--authority", "http://127.0.0.1:9", "--roots", tmp_path / name)
        assert (refused.exit_code, complaint in refused.stderr) == (1, True)


def test_what_cannot_be_stamped_is_refused_before_anything_is_asked(run: Run, sealed: str) -> None:
    refused = run("round", "timestamp", sealed, "--authority", "http://127.0.0.1:9", "--of", "lock")
    assert (refused.exit_code, "lock it first" in refused.stderr) == (1, True)


def test_after_the_unblinding_nothing_is_stamped(run: Run, sealed: str, address: str, tmp_path: Path) -> None:
    for step in (
        ("open", sealed),
        ("lock", sealed, "--yes"),
        ("unblind", sealed, "--key-file", tmp_path / "keys", *REASON),
    ):
        assert run("round", *step).exit_code == 0
    refused = run("round", "timestamp", sealed, "--authority", address)
    assert (refused.exit_code, "comes too late: the unblinding" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (lambda _query: (200, "text/html; charset=utf-8", b"<html>Buy stamps</html>"), "it answered 200 text/html"),
        (lambda _query: (404, "application/json", b"{}"), "it answered 404"),
        (lambda _query: (302, "application/timestamp-reply", b""), "it answered 302"),
        (lambda _query: (200, "application/timestamp-reply", b"\x30\x80"), "is damaged"),
        (lambda _query: (200, "application/timestamp-reply", b"\x30\x05\x30\x03\x02\x01\x02"), "refused to stamp"),
        (hang, "gave no whole reply within 0.3 seconds"),
    ],
    ids=["a page", "an error", "a redirect", "damaged bytes", "a refusal", "no answer in time"],
)
def test_a_server_that_gives_no_stamp_is_named_and_nothing_is_stored(
    run: Run, sealed: str, database: Database, monkeypatch: pytest.MonkeyPatch, page: Page, complaint: str
) -> None:
    monkeypatch.setattr(timestamp, "TIMEOUT_SECONDS", 0.3)
    with served(page) as address:
        refused = run("round", "timestamp", sealed, "--authority", address)
    assert refused.exit_code == 1
    assert complaint in refused.stderr
    with database.reading() as session:
        assert exported_timestamps(session, sealed) == {}


def drip_headers(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    drip(connection, b"X-A: 1\r\n")


def drip_continues(connection: socket.socket) -> None:
    drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_body(connection: socket.socket) -> None:
    connection.sendall(REPLY_HEAD + b"Content-Length: 100000\r\n\r\n")
    drip(connection, b"0")


def drip(connection: socket.socket, part: bytes) -> None:
    """Send a part every tenth of a second, so that no pause is long."""
    for _ in range(100):
        connection.sendall(part)
        time.sleep(0.1)


@pytest.mark.parametrize("respond", [drip_headers, drip_continues, drip_body])
def test_an_authority_that_drips_bytes_is_left_after_the_time_that_it_has(
    run: Run, sealed: str, monkeypatch: pytest.MonkeyPatch, respond: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(timestamp, "TIMEOUT_SECONDS", 0.5)
    with served_bytes(respond) as address:
        began = time.monotonic()
        refused = run("round", "timestamp", sealed, "--authority", address)
    assert time.monotonic() - began < 5
    assert (refused.exit_code, "gave no whole reply within 0.5 seconds" in refused.stderr) == (1, True)


def send_without_end(connection: socket.socket) -> None:
    connection.sendall(REPLY_HEAD + b"\r\n")
    for _ in range(200):
        connection.sendall(bytes(1 << 20))


def test_an_authority_that_sends_without_end_is_refused_after_a_megabyte(run: Run, sealed: str) -> None:
    received: list[bool] = []

    def respond(connection: socket.socket) -> None:
        with suppress(OSError):
            send_without_end(connection)
            received.append(True)

    with served_bytes(respond) as address:
        refused = run("round", "timestamp", sealed, "--authority", address)
    assert (refused.exit_code, "sent more than 1 MB" in refused.stderr) == (1, True)
    assert received == []


def test_a_compressed_reply_is_refused_and_never_unpacked(run: Run, sealed: str) -> None:
    """A few bytes can unpack to more than the memory holds; the command asks for a plain reply."""

    def respond(connection: socket.socket) -> None:
        body = gzip.compress(bytes(1 << 20))
        connection.sendall(REPLY_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    with served_bytes(respond) as address:
        refused = run("round", "timestamp", sealed, "--authority", address)
    assert (refused.exit_code, "it answered 200 application/timestamp-reply gzip" in refused.stderr) == (1, True)


@pytest.mark.parametrize("address", ["tsa.example.org", "ftp://tsa.example.org", "http://[", "http://127.0.0.1:9/"])
def test_an_address_that_cannot_be_asked_is_refused_with_what_to_do(run: Run, sealed: str, address: str) -> None:
    refused = run("round", "timestamp", sealed, "--authority", address)
    assert refused.exit_code == 1
    assert "check the address" in refused.stderr or "give one that begins with" in refused.stderr
