"""The report of a real round: its page, its numbers, its PDF."""

import re

from sqlalchemy import select

from app.evidence.signing import SigningKey
from app.report.export.pdf import pdf_available
from app.services.round_keys import RoundKeys
from app.store.tables import EventRow
from tests.admin.admin_site import PASSWORD, AdminSite, Browser


def test_the_report_begins_with_the_result_and_links_its_numbers(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    text = dag.text
    assert text.index("This one evaluator marked") < text.index("A program tried to tell") < text.index("<svg")
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
    dag.get(f"/admin/rounds/{unblinded}/numbers")
    assert sentence in dag.text
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    dag.send("enter-gallery")
    assert sentence in dag.text
    dag.get(re.findall(rf"/admin/rounds/{unblinded}/gallery/\w+", dag.text)[0])
    assert sentence in dag.text


READINGS = ("report", "numbers", "analysis.json", "report.pdf", "observations.csv")
"""Every page and file, apart from exports and the gallery, that shows results."""


def test_each_way_to_read_results_is_logged_once_for_each_person(
    dag: Browser, unblinded: str, admin_site: AdminSite
) -> None:
    for name in (*READINGS, "report"):
        assert dag.get(f"/admin/rounds/{unblinded}/{name}").status_code == 200
    with admin_site.database.reading() as session:
        events = session.scalars(select(EventRow).where(EventRow.action == "results read")).all()
    assert [(event.actor, event.detail["form"]) for event in events] == [("Dag", name) for name in READINGS]


RESULTS = (
    "report",
    "numbers",
    "analysis.json",
    "observations.csv",
    "report.pdf",
    "export.zip",
    "blinded.zip",
    "gallery",
)


def test_no_result_is_shown_if_the_file_of_the_key_and_the_log_name_two_keys(
    dag: Browser, stranger: Browser, admin_site: AdminSite, unblinded: str
) -> None:
    path = RoundKeys.in_data_folder(admin_site.settings.data).path_of(unblinded)
    path.parent.mkdir(exist_ok=True)
    path.write_text(SigningKey.new().private_text)
    for name in RESULTS:
        refused = dag.get(f"/admin/rounds/{unblinded}/{name}")
        assert (refused.status_code, "holds another key than" in refused.text) == (422, True), name
        sent_away = stranger.client.get(f"/admin/rounds/{unblinded}/{name}", follow_redirects=False)
        assert (sent_away.status_code, sent_away.headers["location"][:14]) == (303, "/admin/sign-in"), name
    dag.get(f"/admin/rounds/{unblinded}")
    assert "holds another key than" in dag.text


def test_the_round_s_page_warns_of_digests_in_a_log_that_was_changed(
    dag: Browser, admin_site: AdminSite, unblinded: str
) -> None:
    warning = "The log was changed: event"
    dag.get(f"/admin/rounds/{unblinded}")
    assert warning not in dag.text
    with admin_site.database.writing() as session:
        locked = session.scalars(select(EventRow).where(EventRow.action == "locked")).one()
        locked.chain = "a" * 64
    dag.get(f"/admin/rounds/{unblinded}")
    assert warning in dag.text
    assert "Publish no digest of this page" in dag.text
    refused = dag.get(f"/admin/rounds/{unblinded}/preregistration.md")
    assert warning in refused.text
