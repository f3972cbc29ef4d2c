"""A browser without scripts: it reads forms from pages, fills them in, posts them and follows redirects."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from html import unescape
from typing import Any

from starlette.testclient import TestClient

from app.robots.page import HtmlPage, read_page, read_whole_page
from app.store.engine import Database

Fields = dict[str, str]
NewClient = Callable[[Database], TestClient]
"""Makes a client of the app on a database; each client has its own cookies."""
GERMAN = {"Accept-Language": "de"}
"""Headers of a browser whose reader prefers German."""


@dataclass
class Page:
    """The page that a client is on, with its forms and links."""

    client: TestClient
    text: str = ""
    status: int = 0
    headers: Any = field(default=None, repr=False)

    def read(self) -> HtmlPage:
        """The page with all the text of its passages."""
        return read_whole_page(self.text)

    @cached_property
    def outline(self) -> HtmlPage:
        """The page without the text of its passages, which is most of it; parsed once."""
        return read_page(self.text)

    @property
    def step(self) -> str:
        return self.outline.step

    @property
    def item(self) -> str:
        return self.outline.item

    @property
    def heading(self) -> str:
        return self.outline.heading

    @property
    def forms(self) -> list[tuple[str, Fields]]:
        """Where each form is posted to, and its hidden fields."""
        return [(form.action, dict(form.fields)) for form in self.outline.forms]

    def go(self, address: str) -> "Page":
        return self._arrive(self.client.get(address))

    def back(self) -> "Page":
        """Follow the page's undo link; returns the page itself if it has none."""
        link = re.search(r'href="(/judge/undo[^"]*)"', self.text)
        return self.go(unescape(link[1])) if link else self

    def form(self) -> tuple[str, Fields]:
        """The first form: it answers the page's question."""
        return self.forms[0]

    def send(self, **fields: str) -> "Page":
        action, hidden = self.form()
        return self.post(action, hidden | fields)

    def post(self, action: str, fields: Fields, **headers: str) -> "Page":
        return self._arrive(self.client.post(action, data=fields, headers=headers))

    def answer_all(self) -> "Page":
        """Answer every question. Returns the page after the last one."""
        page = self
        while page.step in ("verdict", "hypothesis"):
            page = page.send(**({"verdict": "interpretable"} if page.step == "verdict" else {"hypothesis": "x"}))
        return page

    def form_token(self) -> str:
        """The token of this session's forms, also where the page itself has no form that needs one."""
        return next(fields["form_token"] for _, fields in self.go("/judge/mine").forms if "form_token" in fields)

    def _arrive(self, response: Any) -> "Page":
        return Page(self.client, response.text, response.status_code, response.headers)


def come_in(client: TestClient, token: str) -> Page:
    """Open an invitation, come in and agree."""
    page = Page(client).post(f"/i/{token}", {})
    return page.send().go("/judge") if page.step == "consent" else page
