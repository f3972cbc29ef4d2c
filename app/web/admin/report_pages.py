"""The report of an unblinded round, and its downloads."""

from fastapi import APIRouter, Depends, Request, Response

from app.foundation.clock import now
from app.foundation.digest import canonical_bytes
from app.report.export.bundle import blinded_zip, unblinded_zip
from app.report.export.pdf import write_pdf_report
from app.report.result_text import signature_note
from app.services import exports
from app.services.archive_browsing import require_no_open_round
from app.services.results_read import logged_reading, record_reading
from app.services.round_keys import require_key_as_committed, round_signing_key
from app.store.engine import Database
from app.web.admin import gallery_pages
from app.web.admin.admin_page import render_admin_page
from app.web.admin.numbers_page import number_entries
from app.web.admin.report_view import report_view
from app.web.admin.sign_in import ViewingAdmin
from app.web.dependencies import AppDatabase, AppRoundKeys
from app.web.downloads import download_response


def _require_key_as_committed(round_id: str, database: AppDatabase, round_keys: AppRoundKeys, _: ViewingAdmin) -> None:
    """Refuse every view of results whose key is another; whoever has not signed in is sent to do so first."""
    with database.reading() as session:
        require_key_as_committed(session, round_id, round_keys)


router = APIRouter(prefix="/admin/rounds/{round_id}", dependencies=[Depends(_require_key_as_committed)])
router.include_router(gallery_pages.router)


@router.get("/report")
def show_report(request: Request, round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """Show the report: each arm's fraction, their difference, the charts, methods and limits."""
    record_reading(database, round_id, admin.name, "report", now())
    with database.reading() as session:
        report = exports.round_report(session, round_id)
    return render_admin_page(request, "report/report.html", admin, view=report_view(report))


@router.get("/numbers")
def show_numbers(request: Request, round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """Show every value of the analysis; the report's numbers link to this page."""
    record_reading(database, round_id, admin.name, "numbers", now())
    with database.reading() as session:
        report = exports.round_report(session, round_id)
    variables = {
        "round_id": round_id,
        "title": report.title,
        "entries": number_entries(report.analysis.content()),
        "signature_note": signature_note(unsigned=report.unsigned),
    }
    return render_admin_page(request, "report/numbers.html", admin, **variables)


@router.get("/analysis.json")
def download_analysis(round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """All numbers of the report, as analysis.json."""
    record_reading(database, round_id, admin.name, "analysis.json", now())
    with database.reading() as session:
        analysis = exports.round_analysis(session, round_id)
    return download_response(canonical_bytes(analysis.content()), "application/json", f"{round_id}-analysis.json")


@router.get("/report.pdf")
def download_pdf(round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """The report as a PDF."""
    record_reading(database, round_id, admin.name, "report.pdf", now())
    with database.reading() as session:
        report = exports.round_report(session, round_id)
    content = write_pdf_report(report.title, report.commitment, report.analysis, report.frame, unsigned=report.unsigned)
    return download_response(content, "application/pdf", f"first-glance-{round_id}.pdf")


@router.get("/observations.csv")
def download_observations(round_id: str, database: AppDatabase, admin: ViewingAdmin) -> Response:
    """The observations, one final judgment with its arm per line, as a CSV file."""
    with logged_reading(database, round_id, admin.name, "observations.csv", now()), database.reading() as session:
        require_no_open_round(session, round_id, admin.name)
    record_reading(database, round_id, admin.name, "observations.csv", now())
    with database.reading() as session:
        table = exports.observations_csv(session, round_id)
    return download_response(table, "text/csv; charset=utf-8", f"{round_id}-observations.csv")


@router.get("/export.zip")
def download_export(round_id: str, database: AppDatabase, round_keys: AppRoundKeys, admin: ViewingAdmin) -> Response:
    """The export with everything that recomputes the report; the log records the download."""
    with logged_reading(database, round_id, admin.name, "export.zip", now()), database.reading() as session:
        require_no_open_round(session, round_id, admin.name)
        bundle = exports.unblinded_bundle(session, round_id)
        signing_key = round_signing_key(session, round_id, round_keys)
    zip_bytes = unblinded_zip(bundle, signing_key)
    return _logged_export(database, round_id, admin.name, zip_bytes, blinded=False)


@router.get("/blinded.zip")
def download_blinded_export(
    round_id: str, database: AppDatabase, round_keys: AppRoundKeys, admin: ViewingAdmin
) -> Response:
    """The export without arms, and without verdicts before the lock; the log records the download."""
    with database.reading() as session:
        bundle = exports.blinded_bundle(session, round_id)
        signing_key = round_signing_key(session, round_id, round_keys)
    zip_bytes = blinded_zip(bundle, signing_key)
    return _logged_export(database, round_id, admin.name, zip_bytes, blinded=True)


def _logged_export(database: Database, round_id: str, actor: str, zip_bytes: bytes, *, blinded: bool) -> Response:
    file_name = exports.export_file_name(round_id, blinded=blinded)
    with database.writing() as session:
        exports.record_export(session, round_id, actor, file_name, zip_bytes, now(), blinded=blinded)
    return download_response(zip_bytes, "application/zip", file_name)
