"""A probing evaluator: walks through a round's pages in this process and keeps every response to the byte."""

import asyncio
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from starlette.types import ASGIApp, Message, Scope

from app.foundation.errors import LifecycleError
from app.leak_audit.features import FetchedResponse
from app.store.round_copy import Probe
from app.web.security import EVALUATOR_COOKIE, form_token

HOST = "probe.invalid"
MAIN = re.compile(rb"<main\b[^>]*>")
DATA = re.compile(rb'\bdata-(step|item|key)="([^"]*)"')
VERDICTS = ("interpretable", "not_interpretable")
ENDS = ("done", "phase")
"""Nothing left to judge; phase 2 may name the arms, both of them, to those who know them."""
MOST_PAGES = 100_000


@dataclass
class Reply:
    """One response, whole."""

    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    seconds: float = 0.0


@dataclass
class Walker:
    """One probe's browser."""

    app: ASGIApp
    number: int
    probe: Probe
    runner: asyncio.Runner
    session: str = ""
    fetched: list[FetchedResponse] = field(default_factory=list)

    def walk(self) -> None:
        """Open the invitation and judge every item, fetching each plain and compressed."""
        self._open()
        for position in range(MOST_PAGES):
            page = self._get("/judge", position)
            data = shown_on(page.body)
            if data.get("step") in ENDS:
                return
            if data.get("step") not in ("verdict", "hypothesis"):
                msg = f"The audit's probe met a page that it does not know (“{data.get('step')}”); nothing was sealed."
                raise LifecycleError(msg)
            self._get("/judge", position, gzip=True, item=data["item"])
            self._answer(data["step"], data["item"], data["key"])

    def _open(self) -> None:
        path = f"/i/{self.probe.token}"
        self._keep("GET /i", self._ask("GET", path), -1)
        reply = self._ask("POST", path)
        cookies = SimpleCookie("; ".join(value for name, value in reply.headers if name == "set-cookie"))
        self.session = cookies[EVALUATOR_COOKIE].value if EVALUATOR_COOKIE in cookies else ""
        self._keep("POST /i", reply, -1)
        self._get("/judge/instructions", -1)

    def _answer(self, step: str, item: str, key: str) -> None:
        fields = {"form_token": form_token(self.session), "item": item, "key": key}
        if step == "verdict":
            fields["verdict"] = VERDICTS[len(self.fetched) % 2]
        reply = self._ask("POST", f"/judge/{step}", body=urlencode(fields).encode())
        if reply.status >= HTTPStatus.BAD_REQUEST:
            msg = f"The audit's probe could not answer an item (status {reply.status}); nothing was sealed."
            raise LifecycleError(msg)
        self._keep(f"POST /judge/{step}", reply, -1)

    def _get(self, path: str, position: int, *, gzip: bool = False, item: str = "") -> Reply:
        reply = self._ask("GET", path, gzip=gzip)
        self._keep(f"GET {path}", reply, position, gzip=gzip, item=item or shown_on(reply.body).get("item", ""))
        return reply

    def _keep(self, request: str, reply: Reply, position: int, *, gzip: bool = False, item: str = "") -> None:
        one = FetchedResponse(
            probe=self.number,
            request=request,
            item=item,
            position=position,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            gzip=gzip,
            seconds=reply.seconds,
        )
        self.fetched.append(one)

    def _ask(self, method: str, path: str, *, gzip: bool = False, body: bytes = b"") -> Reply:
        headers = {
            "host": HOST,
            "accept-encoding": "gzip" if gzip else "identity",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
            "cookie": f"{EVALUATOR_COOKIE}={self.session}",
        }
        return self.runner.run(call(self.app, method, path, headers, body))


def shown_on(body: bytes) -> dict[str, str]:
    """The step, item and key that a page's main element carries."""
    main = MAIN.search(body)
    return {name.decode(): value.decode() for name, value in DATA.findall(main.group())} if main else {}


async def call(app: ASGIApp, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    """One request to the app, without a network."""
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (HOST, 80),
    }
    reply = Reply()

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            )
        elif message["type"] == "http.response.body":
            reply.body += message.get("body", b"")

    start = time.perf_counter()
    await app(scope, receive, send)
    reply.seconds = time.perf_counter() - start
    return reply


def walk(app: ASGIApp, probes: Sequence[Probe]) -> tuple[tuple[FetchedResponse, ...], tuple[bytes, ...]]:
    """Everything that the probes fetched, and their session and form tokens.

    In a thread of its own: the caller's may already run an event loop, and a thread holds only one.
    """
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(_walk, app, probes).result()


def _walk(app: ASGIApp, probes: Sequence[Probe]) -> tuple[tuple[FetchedResponse, ...], tuple[bytes, ...]]:
    fetched: list[FetchedResponse] = []
    secrets: list[bytes] = []
    with asyncio.Runner() as runner:
        for number, probe in enumerate(probes):
            walker = Walker(app, number, probe, runner)
            walker.walk()
            fetched += walker.fetched
            secrets += [walker.session.encode(), form_token(walker.session).encode()]
    return tuple(fetched), tuple(secrets)
