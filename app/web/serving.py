"""A server of the pages on a socket of this machine: for `firstglance serve`, the demo and simulations."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.foundation.errors import SettingsError
from app.foundation.log_lines import format_log_lines
from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app
from app.web.connections import ACCEPTED_AT_ONCE, BoundedConnection, BoundedServer

STOP_SECONDS = 20
"""A server in a thread has so much time to answer its last requests."""


@contextmanager
def bound_socket(settings: Settings) -> Iterator[socket.socket]:
    """A socket at the address of the settings; port 0 means any free port. Raises SettingsError if it is not free.

    It is bound before the address is printed, so that a printed address works.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        listener = socket.create_server((settings.host, settings.port), family=family)
    except (OSError, ValueError) as error:  # ValueError: the host has a part that no name can have
        number = getattr(error, "errno", None) or 0
        reason = os.strerror(number) if number > 0 else "no machine has this name or address"
        msg = f"cannot listen on {settings.host}:{settings.port} ({reason}); choose another with --port or --host"
        raise SettingsError(msg) from error
    with listener:
        # Without this, each response waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def browser_address(listener: socket.socket, settings: Settings) -> str:
    """The address that a browser on this machine opens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def web_server(settings: Settings, database: Database) -> BoundedServer:
    """The web server, whose connections are bounded. Its access log stays off: it would write invitation tokens.

    The header X-Forwarded-For is believed only from the proxies of the settings: otherwise whoever guesses passwords
    could write another address into it for each guess. Left to itself, uvicorn believes it from 127.0.0.1, and from
    whom the environment names.
    """
    format_log_lines()
    config = uvicorn.Config(
        create_app(settings, database),
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or "",
        http=BoundedConnection,
        backlog=ACCEPTED_AT_ONCE,
    )
    return BoundedServer(config)


@contextmanager
def served_in_thread(settings: Settings, database: Database) -> Iterator[str]:
    """Serve in a thread, and yield the address."""
    with bound_socket(settings) as listener:
        server = web_server(settings, database)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="server", daemon=True)
        thread.start()
        try:
            yield browser_address(listener, settings)
        finally:
            server.should_exit = True
            thread.join(STOP_SECONDS)
