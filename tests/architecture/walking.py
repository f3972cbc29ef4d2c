"""Keeps every byte that comes back to a browser, and every value that a template is given."""

from dataclasses import fields, is_dataclass
from typing import Any

import httpx2
import jinja2
import pytest
from pydantic import BaseModel
from starlette.requests import Request


class RecordingBrowser:
    """Keeps everything that comes back as text (body, headers and cookies), redirects included."""

    def __init__(self, address: str) -> None:
        self.client = httpx2.Client(
            base_url=address,
            headers={"Origin": address},
            follow_redirects=True,
            event_hooks={"response": [self._record]},
        )
        self.responses: list[tuple[str, str]] = []
        """(request, text) of every response."""

    def ask(self, method: str, path: str) -> None:
        """One request; a page is fetched with and without compression."""
        for encoding in ("gzip", "identity") if method == "GET" else ("gzip",):
            self.client.request(method, path, headers={"Accept-Encoding": encoding})

    def _record(self, response: httpx2.Response) -> None:
        response.read()
        headers = "\n".join(f"{name}: {value}" for name, value in response.headers.multi_items())
        cookies = "\n".join(f"{cookie.name}={cookie.value}" for cookie in self.client.cookies.jar)
        request = f"{response.request.method} {response.request.url.path}"
        self.responses.append((request, f"{response.status_code}\n{headers}\n{cookies}\n{response.text}"))


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
        return [text for field in fields(value) for text in [field.name, *leaves(getattr(value, field.name))]]
    if hasattr(value, "__mapper__"):
        return [text for column in value.__mapper__.columns for text in leaves(getattr(value, column.key))]
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in leaves(part)]
    if isinstance(value, list | tuple | set | frozenset):
        return [text for member in value for text in leaves(member)]
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)]
