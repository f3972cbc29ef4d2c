"""The gallery behind its door: searched, and what seeing it costs."""

import re

from app.foundation.clock import now
from app.foundation.csv_table import read_records
from app.rounds.allocation import AllocatedItem
from app.rounds.unit_words import UnitWords
from app.services.log import append_event
from app.web.security import derive_form_token
from app.web.templating import page_templates
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, make_draft, seal_now


def first_item(dag: Browser, round_id: str) -> str:
    """The code of an item that was judged."""
    table = dag.get(f"/admin/rounds/{round_id}/observations.csv").content
    return next(read_records(table))["item"]


def test_the_gallery_opens_only_through_a_form_that_is_logged(dag: Browser, unblinded: str) -> None:
    item = first_item(dag, unblinded)
    assert dag.get(f"/admin/rounds/{unblinded}/gallery/{item}").status_code == 403
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    assert "you count as exposed" in dag.text
    dag.send("enter-gallery")
    assert 'role="search"' in dag.text
    dag.get(f"/admin/rounds/{unblinded}")
    assert "gallery opened" in dag.text


def test_the_gallery_can_be_searched_and_shows_what_was_judged(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    dag.send("enter-gallery")
    neuron_count = int(re.findall(r"(\d+) neurons?", dag.text)[0])
    dag.get(f"/admin/rounds/{unblinded}/gallery?q=no+such+words+anywhere")
    assert "0 neurons" in dag.text
    counts = []
    for votes in ("agreed", "agreed not", "disputed"):
        dag.get(f"/admin/rounds/{unblinded}/gallery?votes={votes.replace(' ', '+')}&at=99")
        counts.append(int(re.findall(r"(\d+) neurons?", dag.text)[0]))
    assert sum(counts) == neuron_count
    item = first_item(dag, unblinded)
    dag.get(f"/admin/rounds/{unblinded}/gallery/{item}")
    assert "data-level" in dag.text
    assert dag.get(f"/admin/rounds/{unblinded}/gallery/nothing").status_code == 404


def test_while_the_same_neurons_are_judged_elsewhere_they_are_shown_for_a_logged_reason_only(
    dag: Browser, unblinded: str, admin_site: AdminSite
) -> None:
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    dag.send("enter-gallery")
    open_round = make_draft(dag, admin_site)
    keys = seal_now(admin_site, open_round)
    of_neurons = ("observations.csv", "export.zip", "gallery/anything")
    for name in of_neurons:
        assert dag.get(f"/admin/rounds/{unblinded}/{name}").status_code == 403
        assert open_round in dag.text
    dag.get(f"/admin/rounds/{unblinded}")
    for form in ("observations.csv", "export.zip", "gallery"):
        assert f"read {form}" in dag.text, "the refusal is logged"
    dag.get(f"/admin/rounds/{unblinded}/gallery")
    assert "Blind broken" in dag.text
    assert dag.send("enter-gallery").status_code == 403
    assert dag.send("enter-gallery", reason=" " * 12).status_code in (403, 422)
    assert 'id="reason-problem"' in dag.text, "the form stays, with the problem beside it"
    dag.send("enter-gallery", reason="The figure of the talk needs one example.")
    assert 'role="search"' in dag.text
    assert dag.get(f"/admin/rounds/{unblinded}/observations.csv").status_code == 200
    dag.get(f"/admin/rounds/{open_round}")
    assert "The figure of the talk needs one example." in dag.text
    for step, fields in (("open", {}), ("lock", {"sure": "true"})):
        dag.get(f"/admin/rounds/{open_round}")
        dag.send(step, **fields)
    dag.get(f"/admin/rounds/{open_round}/unblind")
    dag.send("unblind", keys=keys[0], reason="all have finished now", password=PASSWORD)
    assert "Blind broken." in dag.get(f"/admin/rounds/{open_round}/report").text


def test_the_round_s_page_says_who_looked_after_the_invitation(
    dag: Browser, sealed: str, admin_site: AdminSite
) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    dag.send("invite", name="Rei")
    dag.get(f"/admin/rounds/{sealed}")
    assert "data-exposed-since" not in dag.text
    with admin_site.database.writing() as session:
        append_event(session, sealed, "rei", "archives browsed", {}, now())
    dag.get(f"/admin/rounds/{sealed}")
    sentence = f"Rei became exposed since the invitation, and the lock will say so: browsed archives of round {sealed}."
    assert sentence in " ".join(dag.text.split())


def test_there_is_no_gallery_before_unblinding(dag: Browser, draft: str) -> None:
    fields = {"form_token": derive_form_token(dag.client.cookies["fg_admin"])}
    assert dag.post(f"/admin/rounds/{draft}/gallery/enter", fields).status_code == 409


def test_the_gallery_of_no_round_or_of_an_open_one_has_no_door(dag: Browser, collecting: str) -> None:
    assert dag.get("/admin/rounds/zzzz/gallery").status_code == 404
    assert dag.get(f"/admin/rounds/{collecting}/gallery").status_code == 409
    assert "can be read only after unblinding" in dag.text


def test_report_and_gallery_call_units_by_their_word(dag: Browser, admin_site: AdminSite) -> None:
    round_id = make_draft(dag, admin_site, unit=["latent", "latent", "", ""])
    dag.get(f"/admin/rounds/{round_id}")
    assert "The seal draws latents with a secret seed" in dag.text
    template = page_templates().env.from_string(
        '{% from "report/_neuron_name.html" import neuron_name %}{{ neuron_name(allocated, unit_words) }}'
    )
    allocated = AllocatedItem("CODE", "quokka", "1L/0", 0, 1, 7)
    assert "layer 0, latent 7" in template.render(allocated=allocated, unit_words=UnitWords({"quokka": "latent"}))
