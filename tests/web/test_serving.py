"""The server's socket: bound before its address is shown, and answering at once."""

import socket
import urllib.request
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services.password_attempts import guesser_of
from app.store.engine import Database
from app.store.password_attempts import PasswordAttemptRow
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


@pytest.mark.parametrize(("trusted_proxies", "believed"), [("", "127.0.0.1"), ("127.0.0.0/8", "203.0.113.5")])
def test_only_a_proxy_of_the_settings_says_from_where_a_guess_comes(
    sqlite_database: Database, tmp_path: Path, trusted_proxies: str, believed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    settings = Settings(data=tmp_path, port=0, secret="s" * 32, trusted_proxies=trusted_proxies)
    with served_in_thread(settings, sqlite_database) as address:
        forwarded = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5"}
        httpx2.post(f"{address}/admin/sign-in", data={"name": "Dag", "password": "guess"}, headers=forwarded)
    with sqlite_database.reading() as session:
        client = session.scalars(select(PasswordAttemptRow.client)).one()
    assert client == guesser_of(settings.secret, "Dag", believed, None).client


@pytest.mark.parametrize(
    ("trusted_proxies", "reason"), [("*", "is no address"), ("10.0.0.1, proxy", "is no address"), ("::/0", "everybody")]
)
def test_a_proxy_that_is_no_address_is_refused_with_a_sentence(trusted_proxies: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=f"FIRSTGLANCE_TRUSTED_PROXIES: .* {reason}"):
        Settings.read(trusted_proxies=trusted_proxies)
