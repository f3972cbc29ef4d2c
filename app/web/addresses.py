"""Addresses of pages: the judging page, invitations, the admins' pages, and where a form may lead back to."""

import re

from starlette.requests import Request

JUDGING_PAGE = "/judge"
INVITATIONS = "/i/"
"""What every invitation link begins with; its token follows."""
_ADMIN_PAGES = "/admin"
EVALUATOR_PAGE = re.compile(r"/judge(/(instructions|mine|item/[\w-]{1,64}))?|/i/[\w-]{1,200}|/participants", re.ASCII)
"""Pages that can be loaded again. A posted form may name any address, so only these are accepted."""


def invitation_link(base_url: str, token: str) -> str:
    """The link that is sent to an evaluator. `base_url` is the server's address, with or without a slash at its end."""
    return f"{base_url.rstrip('/')}{INVITATIONS}{token}"


def is_admin_page(path: str) -> bool:
    """Whether the page is one for admins, who read English."""
    return path.startswith(_ADMIN_PAGES)


def evaluator_page_or_judging_page(address: str) -> str:
    """The address if it is an evaluators' page that can be loaded again, else the judging page."""
    return address if EVALUATOR_PAGE.fullmatch(address) else JUDGING_PAGE


def return_address(request: Request) -> str:
    """The address at which the page being rendered can be loaded again; the judging page after a posted form."""
    return evaluator_page_or_judging_page(request.url.path) if request.method == "GET" else JUDGING_PAGE
