"""Renders the admins' pages, which show the admin's name and whose forms have a token."""

from fastapi import Request, Response

from app.web.admin.sign_in import ViewingAdmin
from app.web.templating import render_page


def render_admin_page(
    request: Request, template: str, admin: ViewingAdmin, status: int = 200, /, **variables: object
) -> Response:
    """A page for a signed-in admin; `variables` are the template's other variables."""
    return render_page(request, template, status, admin=admin, form_token=admin.form_token, **variables)
