"""An unblinded round can be analysed again from its report; the first version stays, and the log has the reason."""

import pytest
from sqlalchemy import select

from app.store.sealed import UnblindedRow
from tests.admin.admin_site import PASSWORD, AdminSite, Browser

REASON = "The interval was computed wrongly."


def stored_versions(admin_site: AdminSite) -> list[tuple[int, str]]:
    """(version, reason) of every analysis in the database."""
    with admin_site.database.reading() as session:
        rows = session.scalars(select(UnblindedRow).order_by(UnblindedRow.version))
        return [(row.version, row.reason) for row in rows]


def test_a_correction_leads_to_a_report_with_its_version_and_reason(
    dag: Browser, admin_site: AdminSite, unblinded: str
) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    assert "version 2 of this report" in " ".join(dag.text.split())
    dag.send("correct", reason=REASON, password=PASSWORD)
    assert dag.path == f"/admin/rounds/{unblinded}/report"
    assert REASON in dag.text
    assert "version 3 of this report" in " ".join(dag.text.split())
    assert stored_versions(admin_site) == [(1, "Everyone has finished."), (2, REASON)]
    dag.get(f"/admin/rounds/{unblinded}")
    assert "corrected" in dag.text
    assert REASON in dag.text


@pytest.mark.parametrize(
    ("field", "value", "status", "sentence"),
    [("password", "not the password", 403, "Name or password is wrong"), ("reason", "why", 422, "Say why")],
)
def test_a_correction_needs_password_and_reason(
    dag: Browser, admin_site: AdminSite, unblinded: str, field: str, value: str, status: int, sentence: str
) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    fields = {"reason": REASON, "password": PASSWORD} | {field: value}
    assert dag.send("correct", **fields).status_code == status
    assert sentence in dag.text
    assert stored_versions(admin_site) == [(1, "Everyone has finished.")]
    dag.get(f"/admin/rounds/{unblinded}")
    assert "refused" in dag.text


def test_a_round_that_is_not_unblinded_cannot_be_corrected(dag: Browser, admin_site: AdminSite, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    form_token = dag.page.require_form("open").fields["form_token"]
    fields = {"form_token": form_token, "reason": REASON, "password": PASSWORD}
    assert dag.post(f"/admin/rounds/{sealed}/correct", fields).status_code == 409
    assert "Only an unblinded round" in dag.text
    assert stored_versions(admin_site) == []
    dag.get(f"/admin/rounds/{sealed}")
    assert "refused" in dag.text
