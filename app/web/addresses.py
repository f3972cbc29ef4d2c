"""Addresses of the evaluators' pages: the desk, and where a form may lead back to."""

import re

from starlette.requests import Request

DESK = "/judge"
EVALUATOR_PAGE = re.compile(r"/judge(/(instructions|mine|item/[\w-]{1,64}))?|/i/[\w-]{1,200}", re.ASCII)
"""Pages that can be loaded again. A form may come from anywhere, so it leads to no other address."""


def evaluator_page_or_desk(address: str) -> str:
    """The address if it is one of these pages, else the desk."""
    return address if EVALUATOR_PAGE.fullmatch(address) else DESK


def return_address(request: Request) -> str:
    """Where the page that is being rendered can be loaded again; for a page that answers a form it is the desk."""
    return evaluator_page_or_desk(request.url.path) if request.method == "GET" else DESK
