"""The web app: every page of the site, under one policy. Handlers are synchronous; no page of a library is served."""

from fastapi import FastAPI

from app.foundation.paths import resource
from app.foundation.settings import Settings
from app.store.engine import Database
from app.web import admin, errors, judging, planning, report, signin, stages, taking_part
from app.web.attempts import Attempts
from app.web.security import Guard
from app.web.templating import VersionedFiles, static_version


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The app on a database; without one, on the database that the settings name."""
    app = FastAPI(title="First Glance", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.database = database or Database(settings.url)
    app.state.attempts = Attempts()
    app.add_middleware(Guard)
    errors.install(app)
    app.mount(f"/static/{static_version()}", VersionedFiles(directory=resource("static")), name="static")
    for room in (taking_part, judging, signin, admin, planning, stages, report):
        app.include_router(room.router)
    return app
