"""The report of an unblinded round, and its downloads."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.foundation.clock import now
from app.foundation.digest import canonical_bytes
from app.report.export.bundle import blinded_zip, export_zip
from app.report.export.pdf import report_pdf
from app.services import exports
from app.store.engine import Database
from app.web.admin import gallery_pages
from app.web.admin.numbers_page import entries
from app.web.admin.report_view import report_view
from app.web.admin.sign_in import SignedIn, ViewingAdmin
from app.web.dependencies import DatabaseOf
from app.web.templating import page

router = APIRouter(prefix="/admin/rounds/{round_id}")
router.include_router(gallery_pages.router)


@router.get("/report")
def show(request: Request, round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """Fractions per arm with intervals, their difference, each evaluator, and the commitment."""
    with database.reading() as session:
        found = exports.round_report(session, round_id)
    return page(request, "report/report.html", {"admin": admin, "view": report_view(found)})


@router.get("/analysis.json")
def analysis(round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:  # noqa: ARG001 - the check
    """Every number of the report."""
    with database.reading() as session:
        found = exports.round_analysis(session, round_id)
    return _download(canonical_bytes(found), "application/json", f"{round_id}-analysis.json")


@router.get("/numbers")
def numbers(request: Request, round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """Every key of the analysis with its value: where the report's numbers link to."""
    with database.reading() as session:
        found = exports.round_report(session, round_id)
    context = {"admin": admin, "round_id": round_id, "title": found.title, "entries": entries(found.analysis)}
    return page(request, "report/numbers.html", context)


@router.get("/report.pdf")
def pdf(round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:  # noqa: ARG001 - the check
    """The report, set for print."""
    with database.reading() as session:
        found = exports.round_report(session, round_id)
    content = report_pdf(found.title, found.commitment, found.analysis, found.frame)
    return _download(content, "application/pdf", f"first-glance-{round_id}.pdf")


@router.get("/observations.csv")
def observations(round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:  # noqa: ARG001
    """Every final judgment with its arm, one a line."""
    with database.reading() as session:
        found = exports.observations_csv(session, round_id)
    return _download(found.encode(), "text/csv; charset=utf-8", f"{round_id}-observations.csv")


@router.get("/export.zip")
def export(round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """Everything that anyone needs to recompute the report; the log says that it left."""
    with database.reading() as session:
        bundle = exports.unblinded_bundle(session, round_id)
    return _export(round_id, database, admin, export_zip(bundle), exports.export_file_name(round_id, blinded=False))


@router.get("/blinded.zip")
def blinded(round_id: str, database: DatabaseOf, admin: ViewingAdmin) -> Response:
    """What may leave before unblinding: no arm, and no verdict before the lock."""
    with database.reading() as session:
        bundle = exports.blinded_bundle(session, round_id)
    return _export(round_id, database, admin, blinded_zip(bundle), exports.export_file_name(round_id, blinded=True))


def _export(round_id: str, database: Database, admin: SignedIn, content: bytes, name: str) -> Response:
    with database.writing() as session:
        exports.record_export(session, round_id, admin.name, name, content, now())
    return _download(content, "application/zip", name)


def _download(data: bytes, kind: str, name: str) -> Response:
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=kind, headers=headers)
