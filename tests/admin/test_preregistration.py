"""The preregistration can be downloaded from a round's page from the seal on, by admins."""

import io
import zipfile

from tests.admin.admin_site import Browser


def test_a_sealed_round_offers_its_preregistration(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    assert f'href="/admin/rounds/{sealed}/preregistration.md"' in dag.text
    response = dag.get(f"/admin/rounds/{sealed}/preregistration.md")
    assert response.headers["content-type"] == "text/markdown; charset=utf-8"
    assert f'filename="{sealed}-preregistration.md"' in response.headers["content-disposition"]
    assert response.text.startswith("# Preregistration: ")
    assert "axolotl" in response.text
    assert dag.get(f"/admin/rounds/{sealed}/preregistration.md").text == response.text


def test_the_preregistration_stays_the_same_until_after_the_unblinding(dag: Browser, unblinded: str) -> None:
    text = dag.get(f"/admin/rounds/{unblinded}/preregistration.md").text
    assert "nobody had judged an item of this round" in text


def test_a_draft_has_no_preregistration(dag: Browser, draft: str) -> None:
    response = dag.get(f"/admin/rounds/{draft}/preregistration.md")
    assert response.status_code == 409
    assert "Seal it first" in response.text
    dag.get(f"/admin/rounds/{draft}")
    assert "preregistration.md" not in dag.text


def test_a_blinded_export_has_no_preregistration(dag: Browser, sealed: str) -> None:
    export = dag.get(f"/admin/rounds/{sealed}/blinded.zip")
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        assert "preregistration.md" not in archive.namelist()
        assert not any(b"axolotl" in archive.read(name) for name in archive.namelist())
