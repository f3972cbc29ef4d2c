"""The report of a real round in the office: its page, its numbers, its files, and the gallery behind its door."""

import csv
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

from app.report.export.pdf import pdf_available
from app.report.export.verify import verify_export
from tests.admin.office import Browser, Office, seal_now
from tests.conftest import undrawn_figures


def first_item(dag: Browser, round_id: str) -> str:
    """The code of an item that was judged."""
    table = dag.get(f"/admin/rounds/{round_id}/observations.csv").text
    return next(csv.DictReader(io.StringIO(table)))["item"]


def test_the_report_answers_two_questions_and_every_number_has_a_place(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    text = dag.text
    assert text.index("were marked INTERPRETABLE") < text.index("tells the arms apart") < text.index("<svg")
    assert not re.search(r"\bnan\b|\bNone\b", text)
    assert 'style="' not in text
    assert f"firstglance verify first-glance-{unblinded}-unblinded.zip" in text
    links = set(re.findall(r'/numbers#([^"]+)"', text))
    assert len(links) > 10
    dag.get(f"/admin/rounds/{unblinded}/numbers")
    assert links <= set(re.findall(r'id="([^"]+)"', dag.text))
    assert len(re.findall(r'id="([^"]+)"', text)) == len(set(re.findall(r'id="([^"]+)"', text)))


def test_the_report_comes_as_pdf_and_in_the_export(dag: Browser, unblinded: str) -> None:
    assert pdf_available()
    pdf = dag.get(f"/admin/rounds/{unblinded}/report.pdf")
    assert pdf.content.startswith(b"%PDF-")
    export = dag.get(f"/admin/rounds/{unblinded}/export.zip")
    with zipfile.ZipFile(io.BytesIO(export.content)) as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("methods.json"))["paper_unknown_ours"]
    assert {"report.pdf", "report.md", "snippets.parquet", "CITATION.cff", "figures/fractions.svg"} <= names


def test_the_gallery_has_a_door_that_is_logged(dag: Browser, unblinded: str) -> None:
    item = first_item(dag, unblinded)
    assert dag.get(f"/admin/rounds/{unblinded}/gallery/{item}").status_code == 403
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    assert "you count as exposed" in dag.text
    dag.send("enter-gallery")
    assert 'role="search"' in dag.text
    dag.get(f"/admin/rounds/{unblinded}")
    assert "gallery opened" in dag.text


def test_the_gallery_is_searched_and_shows_what_was_judged(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    dag.send("enter-gallery")
    neuron_count = int(re.findall(r"(\d+) neurons?", dag.text)[0])
    dag.get(f"/admin/rounds/{unblinded}/gallery?q=no+such+words+anywhere")
    assert "0 neurons" in dag.text
    counts = []
    for votes in ("agreed interpretable", "agreed not", "disputed"):
        dag.get(f"/admin/rounds/{unblinded}/gallery?votes={votes.replace(' ', '+')}&at=99")
        counts.append(int(re.findall(r"(\d+) neurons?", dag.text)[0]))
    assert sum(counts) == neuron_count
    item = first_item(dag, unblinded)
    dag.get(f"/admin/rounds/{unblinded}/gallery/{item}")
    assert "data-level" in dag.text
    assert dag.get(f"/admin/rounds/{unblinded}/gallery/nothing").status_code == 404


def test_there_is_no_gallery_before_unblinding(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}/gallery")
    dag.send("enter-gallery")
    assert dag.response.status_code == 409


def test_exports_say_in_their_name_what_they_hold_and_are_logged(dag: Browser, unblinded: str) -> None:
    for path, name in (("export", "unblinded"), ("blinded", "blinded")):
        with undrawn_figures():
            export = dag.get(f"/admin/rounds/{unblinded}/{path}.zip")
        assert f'filename="first-glance-{unblinded}-{name}.zip"' in export.headers["content-disposition"]
        digest = hashlib.sha256(export.content).hexdigest()
        dag.get(f"/admin/rounds/{unblinded}")
        assert "exported" in dag.text
        assert digest[:8] in dag.text


def test_a_blinded_export_has_no_arm_and_no_verdict(dag: Browser, office: Office, draft: str, tmp_path: Path) -> None:
    assert dag.get(f"/admin/rounds/{draft}/blinded.zip").status_code == 409
    seal_now(office, draft)
    export = dag.get(f"/admin/rounds/{draft}/blinded.zip")
    path = tmp_path / "blinded.zip"
    path.write_bytes(export.content)
    assert verify_export(path).ok
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith((".py", ".md"))]
        data = b"".join(archive.read(name) for name in names)
        assert json.loads(archive.read("judgments.json")) == []
    for word in (b"axolotl", b"quokka"):
        assert word not in data
