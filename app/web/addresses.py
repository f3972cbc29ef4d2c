"""Addresses of the evaluators' pages: the desk, and where a form may lead back to."""

import re

from starlette.requests import Request

DESK = "/judge"
OURS = re.compile(r"/judge(/(instructions|mine|item/[\w-]{1,64}))?|/i/[\w-]{1,200}", re.ASCII)
"""Pages that can be asked for again. A form may come from anywhere, so nothing else is ever led to."""


def local(address: str) -> str:
    """The address if it is one of these pages, else the desk."""
    return address if OURS.fullmatch(address) else DESK


def here(request: Request) -> str:
    """Where the page that is being made can be asked for again; the answer to a form is on the desk."""
    return local(request.url.path) if request.method == "GET" else DESK
