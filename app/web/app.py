"""The web app: the pages of evaluators and of admins."""

from fastapi import FastAPI

from app.foundation.settings import Settings
from app.store.engine import Database
from app.web.admin import power_page, report_pages, round_pages, round_steps, sign_in
from app.web.admin.sign_in_limit import SignInLimit
from app.web.evaluator import enrolment, judging_pages
from app.web.site import build_site

ROUTERS = (
    enrolment.router,
    judging_pages.router,
    sign_in.router,
    round_pages.router,
    power_page.router,
    round_steps.router,
    report_pages.router,
)


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The web app on `database`, or on the database that the settings name."""
    app = build_site(ROUTERS, settings, database or Database(settings.resolved_database_url))
    app.state.sign_in_limit = SignInLimit()
    return app
