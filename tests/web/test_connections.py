"""What one visitor's connections may cost: the server goes on answering everybody else."""

import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web import connections
from app.web.serving import served_in_thread

HALF_HEADERS = b"GET /admin/sign-in HTTP/1.1\r\nHost: here\r\n"
HALF_FORM = (
    b"POST /admin/sign-in HTTP/1.1\r\nHost: here\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 30\r\n\r\nname=Dag"
)
LONG_SECONDS = 60.0


@pytest.fixture
def address(
    sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, tuple[str, int]]]:
    """A server with little patience: its address as a link and as host and port."""
    for limit in ("HEADERS_SECONDS", "BODY_SECONDS", "STALLED_SECONDS"):
        monkeypatch.setattr(connections, limit, 0.4)
    monkeypatch.setattr(connections, "WATCH_SECONDS", 0.1)
    with served_in_thread(Settings(data=tmp_path, port=0, secret="s" * 32), sqlite_database) as link:
        host, _, port = link.removeprefix("http://").partition(":")
        yield link, (host, int(port))


@pytest.mark.parametrize("half_request", [b"", b"GET /jud", HALF_HEADERS, HALF_FORM])
def test_a_request_that_does_not_end_is_closed(
    address: tuple[str, tuple[str, int]], half_request: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection(address[1], timeout=LONG_SECONDS) as visitor:
        visitor.sendall(half_request)
        assert _is_closed_without_an_answer(visitor)
    assert caplog.records == []


def test_a_second_request_on_a_connection_that_does_not_end_is_closed(address: tuple[str, tuple[str, int]]) -> None:
    with socket.create_connection(address[1], timeout=LONG_SECONDS) as visitor:
        visitor.sendall(HALF_HEADERS + b"\r\n")
        assert b"</html>" in _read_page(visitor)
        visitor.sendall(HALF_HEADERS)
        assert _is_closed_without_an_answer(visitor)


def test_bytes_that_trickle_in_give_a_request_no_more_time(address: tuple[str, tuple[str, int]]) -> None:
    with socket.create_connection(address[1], timeout=LONG_SECONDS) as visitor, pytest.raises(OSError):  # noqa: PT011
        visitor.sendall(HALF_HEADERS + b"X-Slow: ")
        while True:
            visitor.sendall(b"x")
            time.sleep(0.05)


def test_a_form_that_comes_slowly_but_in_time_is_answered(
    address: tuple[str, tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The time for the headers is over long before the body has come."""
    monkeypatch.setattr(connections, "BODY_SECONDS", LONG_SECONDS)
    with socket.create_connection(address[1], timeout=LONG_SECONDS) as visitor:
        visitor.sendall(HALF_FORM)
        for _ in range(22):
            time.sleep(0.05)
            visitor.sendall(b"x")
        assert b"</html>" in _read_page(visitor)


def test_an_answer_that_nobody_takes_is_given_up(address: tuple[str, tuple[str, int]]) -> None:
    """A visitor asks for many pages on one connection and reads none of them."""
    with socket.create_connection(address[1], timeout=LONG_SECONDS) as visitor, pytest.raises(OSError):  # noqa: PT011
        visitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while True:
            visitor.sendall((HALF_HEADERS + b"\r\n") * 50)


def test_half_requests_beyond_the_most_connections_make_room_for_honest_ones(
    address: tuple[str, tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("HEADERS_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(connections, limit, LONG_SECONDS)
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    with ExitStack() as visitors, httpx2.Client(timeout=LONG_SECONDS) as browser:
        browser.get(f"{address[0]}/admin/sign-in")
        crowd = [visitors.enter_context(socket.create_connection(address[1], timeout=LONG_SECONDS)) for _ in range(60)]
        for visitor in crowd[:20]:
            visitor.sendall(HALF_FORM)
        assert browser.get(f"{address[0]}/admin/sign-in").status_code == 200
        assert httpx2.get(f"{address[0]}/admin/sign-in", timeout=LONG_SECONDS).status_code == 200
        assert _is_closed_without_an_answer(crowd[0])


def test_hundreds_of_browsers_keep_their_connections(
    address: tuple[str, tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("HEADERS_SECONDS", "BODY_SECONDS", "STALLED_SECONDS"):
        monkeypatch.setattr(connections, limit, LONG_SECONDS)
    with ExitStack() as visitors:
        crowd = [visitors.enter_context(socket.create_connection(address[1], timeout=LONG_SECONDS)) for _ in range(300)]
        for _ in range(2):
            for visitor in crowd:
                visitor.sendall(b"GET /favicon.ico HTTP/1.1\r\nHost: here\r\n\r\n")
            assert all(visitor.recv(65536).startswith(b"HTTP/1.1 307") for visitor in crowd)


def test_the_most_connections_leave_descriptors_for_the_database() -> None:
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert 0 < connections.most_connections() < descriptors


def test_a_server_without_descriptors_says_so_in_a_line_and_answers_others(tmp_path: Path) -> None:
    with _served_with_few_descriptors(tmp_path) as (process, port), ExitStack() as visitors:
        process.send_signal(signal.SIGSTOP)  # so that all of them wait when the server looks again
        for _ in range(90):
            visitor = visitors.enter_context(socket.create_connection(("127.0.0.1", port), timeout=LONG_SECONDS))
            visitor.sendall(b"GET /jud")
        process.send_signal(signal.SIGCONT)
        assert httpx2.get(f"http://127.0.0.1:{port}/admin/sign-in", timeout=LONG_SECONDS).status_code == 200
    lines = (tmp_path / "stderr").read_text().splitlines()
    assert len(lines) == 1, lines
    assert "no file descriptor is left for another connection" in lines[0]


@contextmanager
def _served_with_few_descriptors(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server in a process that may open 64 files, and its port."""
    command = [sys.executable, "-m", "app", "--data", str(folder), "serve", "--port", "0"]
    few = (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    with (
        (folder / "stderr").open("w") as stderr,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, few),
        ) as process,
    ):
        assert process.stdout is not None
        try:
            link = next(line for line in process.stdout if "http://" in line)
            yield process, int(re.findall(r":(\d+)", link)[-1])
        finally:
            process.terminate()


def _is_closed_without_an_answer(visitor: socket.socket) -> bool:
    try:
        return visitor.recv(1) == b""
    except ConnectionResetError:
        return True


def _read_page(visitor: socket.socket) -> bytes:
    page = b""
    while b"</html>" not in page:
        part = visitor.recv(65536)
        if not part:
            break
        page += part
    return page
