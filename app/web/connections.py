"""What a connection may cost: time for a request, time without progress, and one of a bounded number of places.

Uvicorn waits for ever for a request that somebody began and never ends, so a handful of visitors, or one with bad
intentions, could take all file descriptors. The limits leave room for an honest evaluator on a bad line.
"""

import asyncio
import logging
import socket

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

try:
    import resource
except ImportError:  # Windows, whose sockets take no file descriptors
    resource = None  # type: ignore[assignment]

LOGGER = logging.getLogger(__name__)

HEADERS_SECONDS = 20.0
"""The most time from a connection, or from the answer before, to the end of a request's headers."""
BODY_SECONDS = 60.0
"""The most time from the headers to the end of the body: a long hypothesis has 30 kB, so 4 kbit/s suffice."""
STALLED_SECONDS = 60.0
"""A visitor who takes nothing of an answer for so long is gone."""
WATCH_SECONDS = 1.0
"""The time between two looks at a connection."""
MOST_CONNECTIONS = 4_000
ACCEPTED_AT_ONCE = 100
"""How many connections wait to be accepted, and are accepted in one go, before any of them can be closed."""
RESERVED_DESCRIPTORS = 256
"""File descriptors for databases, files and the connections that are accepted in one go."""
LOG_SECONDS = 10.0
"""The least time between two lines that say that there are no file descriptors left."""
OUT_OF_DESCRIPTORS = "socket.accept() out of system resource"
"""The message of asyncio for a connection that it could not accept. It repeats it for every waiting connection."""


def most_connections() -> int:
    """How many connections may be open, by the number of file descriptors that this process may have."""
    if resource is None:
        return MOST_CONNECTIONS
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(descriptors - RESERVED_DESCRIPTORS, descriptors // 4))


class BoundedConnection(H11Protocol):
    """A connection that is closed if its request does not come to an end, or if nobody takes its answer.

    Beyond the most connections, the one that has waited longest for a request makes room for the new one, so an honest
    request, which is complete at once, is answered however many others have begun one. Connections that had an answer
    already are spared as long as there are others.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to watch the connection, and make room for it."""
        super().connection_made(transport)
        self.waits_since = self.progress_at = self.loop.time()
        self.unsent_bytes = 0
        self.had_an_answer = False
        self._watch_again()
        if len(self.connections) > most_connections():
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Take data; the time for the next part of a request begins when the part before is complete."""
        part_before = self.conn.their_state
        super().data_received(data)
        if self.conn.their_state is not part_before:
            self.waits_since = self.loop.time()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self.had_an_answer = True
        self.waits_since = self.loop.time()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the watch."""
        self.watch.cancel()
        super().connection_lost(exc)

    def awaits_request(self) -> bool:
        """Whether the visitor has to send something next."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _watch_again(self) -> None:
        self.watch = self.loop.call_later(WATCH_SECONDS, self._close_if_overdue)

    def _close_if_overdue(self) -> None:
        now, unsent_bytes = self.loop.time(), self.transport.get_write_buffer_size()
        if not unsent_bytes or unsent_bytes != self.unsent_bytes:
            self.unsent_bytes, self.progress_at = unsent_bytes, now
        seconds = BODY_SECONDS if self.conn.their_state is h11.SEND_BODY else HEADERS_SECONDS
        is_late = self.awaits_request() and not unsent_bytes and now - self.waits_since > seconds
        if is_late or now - self.progress_at > STALLED_SECONDS:
            self.transport.abort()
            return
        self._watch_again()

    def _make_room(self) -> None:
        waiting = [other for other in self.connections if isinstance(other, BoundedConnection)]
        waiting = [other for other in waiting if other.awaits_request() and not other.transport.is_closing()]
        min(waiting, key=lambda other: (other.had_an_answer, other.waits_since)).transport.abort()


class BoundedServer(uvicorn.Server):
    """A server that says in one line, once in a while, that it has no file descriptors left."""

    said_so_at = -LOG_SECONDS

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        asyncio.get_running_loop().set_exception_handler(self._log_error)
        await super().startup(sockets)

    def _log_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        if context.get("message") != OUT_OF_DESCRIPTORS:
            loop.default_exception_handler(context)
        elif loop.time() - self.said_so_at >= LOG_SECONDS:
            self.said_so_at = loop.time()
            LOGGER.error("no file descriptor is left for another connection; raise the limit (ulimit -n)")
