"""The report of a real round: its page, its numbers, its PDF."""

import re

from app.report.export.pdf import pdf_available
from tests.admin.admin_site import PASSWORD, Browser


def test_the_report_begins_with_the_result_and_links_its_numbers(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    text = dag.text
    assert text.index("This one evaluator marked") < text.index("tells the arms apart") < text.index("<svg")
    assert not re.search(r"\bnan\b|\bNone\b", text)
    assert 'style="' not in text
    links = set(re.findall(r'/numbers#([^"]+)"', text))
    assert len(links) > 10
    dag.get(f"/admin/rounds/{unblinded}/numbers")
    assert links <= set(re.findall(r'id="([^"]+)"', dag.text))
    assert len(re.findall(r'id="([^"]+)"', text)) == len(set(re.findall(r'id="([^"]+)"', text)))


def test_the_report_comes_as_pdf(dag: Browser, unblinded: str) -> None:
    assert pdf_available()
    pdf = dag.get(f"/admin/rounds/{unblinded}/report.pdf")
    assert pdf.content.startswith(b"%PDF-")


def test_the_page_says_that_the_key_did_not_sign_the_result(dag: Browser, unblinded: str) -> None:
    sentence = "did not sign this result in the log"
    dag.get(f"/admin/rounds/{unblinded}/report")
    assert sentence not in dag.text
    dag.send("correct", reason="The key of the round is lost.", password=PASSWORD)  # its file is not in this folder
    assert sentence in dag.text
