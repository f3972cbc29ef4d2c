"""A browser without scripts: it reads forms from pages, fills them in, posts them and follows where it is sent."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

Fields = dict[str, str]


class Reader(HTMLParser):
    """Collects what a page says in attributes: its step, its forms, its passages."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.main: Fields = {}
        self.forms: list[tuple[str, Fields]] = []
        self.passages: list[list[tuple[str, Fields]]] = []
        self._marks: list[Fields] = []
        self._inside = {"pre": False, "template": False}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in self._inside:
            self._inside[tag] = True
        if tag == "main":
            self.main = given
        if tag == "form" and not self._inside["template"]:
            self.forms.append((given.get("action", ""), {}))
        if tag == "input" and given.get("type") == "hidden" and not self._inside["template"]:
            self.forms[-1][1][given["name"]] = given["value"]
        if tag == "li" and "data-passage" in given:
            self.passages.append([])
        if tag == "mark":
            self._marks.append(given)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            self._inside[tag] = False
        if tag == "mark":
            self._marks.pop()

    def handle_data(self, data: str) -> None:
        if self._inside["pre"] and self.passages:
            self.passages[-1].append((data, self._marks[-1] if self._marks else {}))


@dataclass
class Page:
    """Where a client is, and what it can do there."""

    client: TestClient
    text: str = ""
    status: int = 0
    headers: Any = field(default=None, repr=False)

    def read(self) -> Reader:
        reader = Reader()
        reader.feed(self.text)
        return reader

    @property
    def step(self) -> str:
        return self.read().main.get("data-step", "")

    @property
    def item(self) -> str:
        return self.read().main.get("data-item", "")

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return found[1].strip() if found else ""

    def go(self, address: str) -> "Page":
        return self._arrive(self.client.get(address))

    def back(self) -> "Page":
        """Where the page's way back leads; the page itself if it has none."""
        link = re.search(r'href="(/judge/undo[^"]*)"', self.text)
        return self.go(unescape(link[1])) if link else self

    def form(self) -> tuple[str, Fields]:
        """The page's one form to be posted: where to, and its hidden fields."""
        return self.read().forms[0]

    def send(self, **fields: str) -> "Page":
        action, hidden = self.form()
        return self.post(action, hidden | fields)

    def post(self, action: str, fields: Fields, **headers: str) -> "Page":
        return self._arrive(self.client.post(action, data=fields, headers=headers))

    def _arrive(self, response: Any) -> "Page":
        return Page(self.client, response.text, response.status_code, response.headers)


def come_in(client: TestClient, token: str) -> Page:
    """Open an invitation, come in and agree."""
    page = Page(client).post(f"/i/{token}", {})
    return page.send().go("/judge") if page.step == "consent" else page
