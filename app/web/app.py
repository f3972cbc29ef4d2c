"""The web app: the pages of evaluators and of admins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio import to_thread
from fastapi import FastAPI

from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.admin_sessions import delete_ended_sessions
from app.services.aids_keys import AidsKeys, encrypt_plain_aids
from app.services.password_attempts import forget_old_attempts
from app.services.retention import delete_expired_links
from app.store.engine import Database
from app.web.admin import key_pages, power_page, report_pages, round_pages, round_steps, sign_in
from app.web.evaluator import enrolment, judging_pages, participants_page
from app.web.leak_audit.seal_runner import SealRunner
from app.web.site import build_site

ROUTERS = (
    enrolment.router,
    judging_pages.router,
    participants_page.router,
    sign_in.router,
    round_pages.router,
    power_page.router,
    key_pages.router,
    round_steps.router,
    report_pages.router,
)


def create_app(settings: Settings, database: Database | None = None) -> FastAPI:
    """The web app on `database`, or on the database that the settings name."""
    database = database or Database(settings.resolved_database_url)
    runner = SealRunner(settings, database)

    @asynccontextmanager
    async def seals_undone_at_the_end(_app: FastAPI) -> AsyncIterator[None]:
        await to_thread.run_sync(runner.tidy_up)
        await to_thread.run_sync(_delete_expired_rows, database, settings)
        await to_thread.run_sync(encrypt_plain_aids, database, AidsKeys.in_data_folder(settings.data))
        yield
        await to_thread.run_sync(runner.stop)

    app = build_site(ROUTERS, settings, database, seals_undone_at_the_end)
    app.state.seal_runner = runner
    return app


def _delete_expired_rows(database: Database, settings: Settings) -> None:
    with database.erasing() as session:
        delete_ended_sessions(session, now())
        forget_old_attempts(session, now())
        if settings.retention_days > 0:
            delete_expired_links(session, settings.retention_days, now())
