"""The server's socket: bound before its address is shown, and answering at once."""

import socket
import urllib.request
from pathlib import Path

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.serving import bound_socket, browser_address, served_in_thread


def test_a_connection_sends_each_part_of_an_answer_at_once(tmp_path: Path) -> None:
    """Otherwise the body waits until the browser has acknowledged the headers: 40 ms on every page."""
    settings = Settings(data=tmp_path, port=0)
    with bound_socket(settings) as listener, socket.create_connection(listener.getsockname()):
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert browser_address(listener, settings).endswith(f":{listener.getsockname()[1]}")


def test_a_server_in_a_thread_answers_at_its_address(sqlite_database: Database, tmp_path: Path) -> None:
    with (
        served_in_thread(Settings(data=tmp_path, port=0), sqlite_database) as address,
        urllib.request.urlopen(f"{address}/admin/sign-in") as page,
    ):
        assert page.status == 200
