"""A program that visits pages: it keeps cookies, reads pages and sends forms, over HTTP or straight to an app."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, Self

import httpx2

from app.robots.page import HtmlForm, HtmlPage, RobotError, read_page

AT_ONCE = {"X-First-Glance-Swap": "1"}
"""Asks the server to answer a form with the next page instead of a redirect, as the pages' own script does."""
TIMEOUT_SECONDS = 60


class Wait(NamedTuple):
    """How long a visitor waited for a response, redirects included."""

    path: str
    seconds: float


class Visitor:
    """A browser without scripts. With `at_once` the response to a form is the next page, otherwise a redirect to it."""

    def __init__(self, client: httpx2.Client, *, at_once: bool = True) -> None:
        self._client = client
        self._form_headers = AT_ONCE if at_once else {}
        self.waits: list[Wait] = []

    @classmethod
    @contextmanager
    def at(cls, address: str) -> Iterator[Self]:
        """A visitor of the server at `address`."""
        client = httpx2.Client(
            base_url=address,
            headers={"Origin": address},
            follow_redirects=True,
            timeout=TIMEOUT_SECONDS,
            verify=address.startswith("https:"),  # reading the certificates takes long, and HTTP needs none
        )
        with client:
            yield cls(client)

    def get(self, path: str, request_headers: dict[str, str] | None = None) -> HtmlPage:
        """Read a page. Raises RobotError if the server refuses it."""
        return read_page(self._request("GET", path, request_headers=request_headers).text)

    def download(self, path: str) -> bytes:
        """Fetch a file. Raises RobotError if the server refuses it."""
        return self._request("GET", path).content

    def post(self, path: str, fields: dict[str, str]) -> HtmlPage:
        """Send a form's fields and read the page that it leads to. Raises RobotError if the server refuses them."""
        return read_page(self._request("POST", path, fields, self._form_headers).text)

    def send(self, form: HtmlForm, **answer_fields: str) -> HtmlPage:
        """Send a form's hidden fields with answers, and read the page that it leads to."""
        return self.post(form.action, form.fields | answer_fields)

    def _request(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        request_headers: dict[str, str] | None = None,
    ) -> httpx2.Response:
        start = time.perf_counter()
        response = self._client.request(method, path, data=fields, headers=request_headers)
        self.waits.append(Wait(path, time.perf_counter() - start))
        if response.is_error:
            msg = f"{response.request.method} {response.request.url.path} answered {response.status_code}"
            raise RobotError(msg)
        return response
