"""Addresses of the evaluators' pages: the judging page, and the pages that a form may lead back to."""

import re

from starlette.requests import Request

JUDGING_PAGE = "/judge"
EVALUATOR_PAGE = re.compile(r"/judge(/(instructions|mine|item/[\w-]{1,64}))?|/i/[\w-]{1,200}", re.ASCII)
"""Pages that can be loaded again. A posted form may name any address, so only these are accepted."""


def evaluator_page_or_judging_page(address: str) -> str:
    """The address if it is an evaluators' page that can be loaded again, else the judging page."""
    return address if EVALUATOR_PAGE.fullmatch(address) else JUDGING_PAGE


def return_address(request: Request) -> str:
    """The address at which the page being rendered can be loaded again; the judging page after a posted form."""
    return evaluator_page_or_judging_page(request.url.path) if request.method == "GET" else JUDGING_PAGE
