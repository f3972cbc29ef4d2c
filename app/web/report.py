"""The report of an unblinded round, and its downloads."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app.foundation.digest import canonical_bytes
from app.report.export import export_zip
from app.services import exports
from app.web.dependencies import DatabaseOf
from app.web.report_view import report_view
from app.web.signin import Reader
from app.web.templating import page

router = APIRouter(prefix="/admin/rounds/{round_id}")


@router.get("/report")
def show(request: Request, round_id: str, database: DatabaseOf, admin: Reader) -> Response:
    """Fractions per arm with intervals, their difference, each evaluator, and the commitment."""
    with database.reading() as session:
        found = exports.report(session, round_id)
    return page(request, "report/report.html", {"admin": admin, "view": report_view(found)})


@router.get("/analysis.json")
def analysis(round_id: str, database: DatabaseOf, admin: Reader) -> Response:  # noqa: ARG001 - the check
    """Every number of the report."""
    with database.reading() as session:
        found = exports.analysis(session, round_id)
    return _download(canonical_bytes(found), "application/json", f"{round_id}-analysis.json")


@router.get("/observations.csv")
def observations(round_id: str, database: DatabaseOf, admin: Reader) -> Response:  # noqa: ARG001
    """Every final judgment with its arm, one a line."""
    with database.reading() as session:
        found = exports.observations_csv(session, round_id)
    return _download(found.encode(), "text/csv; charset=utf-8", f"{round_id}-observations.csv")


@router.get("/export.zip")
def export(round_id: str, database: DatabaseOf, admin: Reader) -> Response:  # noqa: ARG001
    """Everything that anyone needs to recompute the report."""
    with database.reading() as session:
        bundle = exports.bundle(session, round_id)
    return _download(export_zip(bundle), "application/zip", f"first-glance-{round_id}.zip")


def _download(data: bytes, kind: str, name: str) -> Response:
    headers: dict[str, Any] = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(data, media_type=kind, headers=headers)
