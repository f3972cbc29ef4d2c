"""The audit's probe: an evaluator that judges a whole round in this process and records every response exactly."""

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import httpx2
from starlette.types import ASGIApp

from app.foundation.errors import LifecycleError
from app.leak_audit.responses import FetchedResponse, ProbeWalks
from app.robots.in_process import InProcessTransport
from app.robots.page import RobotError
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.store.round_copy import Probe
from app.web.addresses import INVITATIONS
from app.web.leak_audit.own_text import own_text
from app.web.security import EVALUATOR_COOKIE, derive_form_token

ADDRESS = "https://probe.invalid"
"""An HTTPS address, so that the client sends back cookies marked Secure."""
OnItem = Callable[[int, str], None]
"""A function that is told the index of a probe and the code of the item that it is at."""
NO_PAGE = -1
"""The position of responses that are not a page with a question."""


@dataclass(frozen=True)
class Exchange:
    """A request and its response, with the body as it was sent."""

    request: httpx2.Request
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float


class RecordingTransport(httpx2.BaseTransport):
    """Sends requests through another transport and records the responses."""

    def __init__(self, inner_transport: httpx2.BaseTransport) -> None:
        self._inner_transport = inner_transport
        self._exchanges: list[Exchange] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The response of the inner transport, which is recorded."""
        start = time.perf_counter()
        response = self._inner_transport.handle_request(request)
        body = b"".join(response.iter_raw())
        seconds = time.perf_counter() - start
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
        self._exchanges.append(Exchange(request, response.status_code, headers, body, seconds))
        return httpx2.Response(response.status_code, headers=response.headers, stream=httpx2.ByteStream(body))

    def close(self) -> None:
        """Close the inner transport."""
        self._inner_transport.close()

    def drain(self) -> list[Exchange]:
        """The exchanges since the last call."""
        exchanges, self._exchanges = self._exchanges, []
        return exchanges


def ignore_item(_probe_index: int, _item_code: str) -> None:
    """Nobody wants to know how far the walk is."""


def walk_as_probes(app: ASGIApp, probes: Sequence[Probe], on_item: OnItem = ignore_item) -> ProbeWalks:
    """Judge the round as each probe. Returns all responses, and the probes' session and form tokens.

    `on_item` is called with every page of an item.

    Raises LifecycleError if a probe cannot judge every item.
    """
    walks = [_walk_as_probe(app, index, probe, on_item) for index, probe in enumerate(probes)]
    return ProbeWalks(
        tuple(itertools.chain.from_iterable(walk.responses for walk in walks)),
        tuple(itertools.chain.from_iterable(walk.secrets for walk in walks)),
        own_text(),
    )


def _walk_as_probe(app: ASGIApp, index: int, probe: Probe, on_item: OnItem) -> ProbeWalks:
    recorder = RecordingTransport(InProcessTransport(app))
    headers = {"Accept-Encoding": "identity"}
    with httpx2.Client(transport=recorder, base_url=ADDRESS, follow_redirects=True, headers=headers) as client:
        try:
            responses = tuple(_fetch_everything(client, recorder, index, probe.token, on_item))
        except RobotError as error:
            msg = f"The audit's probe could not judge every item ({error}); nothing was sealed."
            raise LifecycleError(msg) from error
        session_token = client.cookies.get(EVALUATOR_COOKIE) or ""
    return ProbeWalks(responses, (session_token.encode(), derive_form_token(session_token).encode()))


def _fetch_everything(
    client: httpx2.Client, recorder: RecordingTransport, index: int, token: str, on_item: OnItem
) -> Iterator[FetchedResponse]:
    """Judge every item, fetching each page plain and compressed; the instructions once."""
    visitor = Visitor(client, at_once=index % 2 == 1)  # as a browser with scripts; the others as one without
    numbers, answered_item = itertools.count(), ""
    answers = Answers(lambda page: page.answers[next(numbers) % 2])  # in turn the first two, whatever they are
    for position, page in enumerate(walk_round(visitor, token, answers)):
        *earlier, page_exchange = recorder.drain()
        yield from (replace(_as_fetched_response(exchange, index), answered_item=answered_item) for exchange in earlier)
        answered_item = page.item
        yield _as_fetched_response(page_exchange, index, page.item, position)
        if position == 0:
            visitor.get("/judge/instructions")
            yield from (_as_fetched_response(exchange, index) for exchange in recorder.drain())
        if page.item:
            on_item(index, page.item)
            visitor.get("/judge", {"Accept-Encoding": "gzip"})
            yield from (_as_fetched_response(exchange, index, page.item, position) for exchange in recorder.drain())


def _as_fetched_response(
    exchange: Exchange, index: int, item_code: str = "", position: int = NO_PAGE
) -> FetchedResponse:
    path = exchange.request.url.path
    return FetchedResponse(
        probe=index,
        request=f"{exchange.request.method} {'/i' if path.startswith(INVITATIONS) else path}",
        item_code=item_code,
        position=position,
        status=exchange.status,
        headers=exchange.headers,
        body=exchange.body,
        gzip=("content-encoding", "gzip") in exchange.headers,
        seconds=exchange.seconds,
    )
