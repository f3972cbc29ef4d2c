"""Builds an app from routers, with security headers, error pages, static files and a database."""

from collections.abc import Iterable

from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Lifespan

from app.foundation.paths import resource_folder
from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.errors import install_error_pages
from app.web.security import Guard
from app.web.templating import VersionedFiles, static_url, static_version


def build_site(
    routers: Iterable[APIRouter], settings: Settings, database: Database, lifespan: Lifespan[FastAPI] | None = None
) -> FastAPI:
    """An app that serves the pages of `routers`; their handlers are synchronous. `lifespan` surrounds its service."""
    app = FastAPI(title="First Glance", docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    app.state.settings = settings
    app.state.database = database
    app.add_middleware(Guard)
    install_error_pages(app)
    app.mount(f"/static/{static_version()}", VersionedFiles(directory=resource_folder("static")), name="static")
    app.add_route("/favicon.ico", _icon)
    for router in routers:
        app.include_router(router)
    return app


def _icon(_request: Request) -> Response:
    """The icon at the address where browsers look for it if a page names none, as that of a picture or a file."""
    return RedirectResponse(static_url("favicon.svg"))
