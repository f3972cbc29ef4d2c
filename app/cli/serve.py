"""`firstglance serve`: the pages, on this machine only unless told otherwise. No torch is loaded."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
import uvicorn

from app.cli.common import database
from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.app import create_app

STOP_SECONDS = 20


@click.command("serve")
@click.option("--host", help="Address to listen on (default: 127.0.0.1, this machine only).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default: 8000).")
@click.option("--https", is_flag=True, default=None, help="The site is reached over HTTPS: mark cookies Secure.")
@click.pass_obj
def serve_command(settings: Settings, host: str | None, port: int | None, https: bool | None) -> None:
    """Serve evaluators' and admins' pages until interrupted."""
    given = {"host": host, "port": port, "https": https}
    chosen = Settings.read(**settings.model_dump() | {name: one for name, one in given.items() if one is not None})
    with database(chosen) as opened, listening(chosen) as place:
        click.echo(f"First Glance on {address_of(place, chosen)}  (Ctrl+C ends it)")
        server(chosen, opened).run(sockets=[place])


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """A socket at the settings' address; port 0 takes a free one. Raises SettingsError if it cannot be had.

    It is bound before anything is printed, so an address that is shown is one that works.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        place = socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        msg = f"cannot listen on {settings.host}:{settings.port} ({reason}); choose another with --port or --host"
        raise SettingsError(msg) from error
    place.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else asyncio lets each answer wait 40 ms for an ACK
    with place:
        yield place


def address_of(place: socket.socket, settings: Settings) -> str:
    """The address that a browser on this machine opens."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{place.getsockname()[1]}"


def server(settings: Settings, opened: Database) -> uvicorn.Server:
    """The web server. Its access log stays off: it would write invitation tokens."""
    app = create_app(settings, opened)
    return uvicorn.Server(uvicorn.Config(app, access_log=False, log_level="error", server_header=False))


@contextmanager
def running(settings: Settings, opened: Database) -> Iterator[str]:
    """Serve in a thread, and give the address."""
    with listening(settings) as place:
        served = server(settings, opened)
        thread = threading.Thread(target=served.run, kwargs={"sockets": [place]}, name="server", daemon=True)
        thread.start()
        try:
            yield address_of(place, settings)
        finally:
            served.should_exit = True
            thread.join(STOP_SECONDS)
