"""Walks every page that an evaluator's browser can reach, and keeps every byte that comes back."""

from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import httpx2
import jinja2
import pytest
from pydantic import BaseModel
from starlette.requests import Request

from app.robots.page import HtmlPage, read_page

LARGEST_WALK = 400


@dataclass
class Walk:
    """What an evaluator has seen: bodies, headers and cookies as text, by the request that brought them."""

    client: httpx2.Client
    seen: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, method: str, path: str, **fields: str) -> HtmlPage:
        """One request, with and without compression; redirects are followed one by one."""
        page = HtmlPage()
        for encoding in ("gzip", "identity") if method == "GET" else ("gzip",):
            response = self.client.request(
                method, path, data=fields or None, headers={"Accept-Encoding": encoding}, follow_redirects=False
            )
            self._keep(method, path, response)
            page = read_page(response.text)
        if response.is_redirect:
            return self.ask("GET", response.headers["location"])
        return page

    def _keep(self, method: str, path: str, response: httpx2.Response) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
        cookies = "\n".join(f"{one.name}={one.value}" for one in self.client.cookies.jar)
        self.seen.append((f"{method} {path}", f"{response.status_code}\n{headers}\n{cookies}\n{response.text}"))


def record_contexts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every value that any template is given from now on, as text; the request itself is the server's own."""
    texts: list[str] = []
    render = jinja2.Template.render

    def recording(self: jinja2.Template, *args: Any, **kwargs: Any) -> str:
        texts.extend(leaves(dict(*args, **kwargs)))
        return render(self, *args, **kwargs)

    monkeypatch.setattr(jinja2.Template, "render", recording)
    return texts


def leaves(value: Any) -> list[str]:
    """Every text and number in a value, names of fields included."""
    if isinstance(value, Request):
        return []
    if isinstance(value, BaseModel):
        return leaves(value.model_dump())
    if is_dataclass(value) and not isinstance(value, type):
        return [text for one in fields(value) for text in [one.name, *leaves(getattr(value, one.name))]]
    if hasattr(value, "__mapper__"):
        return [text for column in value.__mapper__.columns for text in leaves(getattr(value, column.key))]
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in [*leaves(key), *leaves(one)]]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for one in value for text in leaves(one)]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)]
