"""Whatever anybody sends after the lock or the unblinding, a round can be unblinded, corrected and verified."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.report.export.verify import verify_export
from app.services.log import round_events
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, draft_fields, route_table
from tests.admin.snapshots import REASON, Snapshots, judge_as_ada
from tests.conftest import without_figures

ENDS_HERE = {"/admin/sign-out", "/admin/sign-in", "/admin/rounds/{round_id}/abandon"}
"""Addresses that end the session, or the round, as they should."""
ADMIN_FIELDS: dict[str, dict[str, str]] = {
    "/admin/password": {"password": "not the password"},
    "/admin/rounds": {},
    "/admin/rounds/{round_id}/copy": {},
    "/admin/rounds/{round_id}/seal": {},
    "/admin/rounds/{round_id}/keys": {"public_key": "age1", "person": "Eve"},
    "/admin/rounds/{round_id}/keys/new": {"person": "Eve"},
    "/admin/rounds/{round_id}/keys/prove": {"secret_key": "no key"},
    "/admin/rounds/{round_id}/keys/{keyholder_id}/prove": {"answer": "no answer"},
    "/admin/rounds/{round_id}/keys/{keyholder_id}/remove": {},
    "/admin/rounds/{round_id}/open": {},
    "/admin/rounds/{round_id}/lock": {"sure": "true"},
    "/admin/rounds/{round_id}/invitations": {"name": "Eve"},
    "/admin/rounds/{round_id}/invitations/{evaluator_id}": {},
    "/admin/rounds/{round_id}/unblind": {"keys": "no key", "reason": REASON, "password": PASSWORD},
    "/admin/rounds/{round_id}/correct": {"reason": REASON, "password": PASSWORD},
    "/admin/rounds/{round_id}/gallery/enter": {},
}
NO_ITEM = "none"
ANSWER = {"item": "{item}", "key": "another-key"}
EVALUATOR_FIELDS: dict[str, dict[str, str]] = {
    "/judge/verdict": {**ANSWER, "verdict": "interpretable"},
    "/judge/hypothesis": {**ANSWER, "hypothesis": "a rule"},
    "/judge/aids": {"item": "{item}"},
    "/judge/flag": {**ANSWER, "kind": "fault"},
    "/judge/guess": {**ANSWER, "guess": "unknown"},
    "/judge/phase": {},
    "/judge/consent": {},
    "/judge/erase": {"sure": "true"},
    "/language": {"language": "de"},
    "/judge/decline": {},
    "/i/{token}": {},
}


@dataclass(frozen=True)
class Invited:
    """Somebody who was invited, with an open tab."""

    id: str
    token: str
    browser: Browser
    form_token: str
    item: str


def invite(dag: Browser, admin_site: AdminSite, round_id: str, name: str) -> tuple[str, str]:
    """Invite somebody: their id, and the token of the invitation."""
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("invite", name=name)
    token = dag.text.split("/i/")[1].split("<")[0]
    return next(person.id for person in admin_site.evaluators(round_id) if person.name == name), token


def come_in(browser: Browser, evaluator_id: str, token: str, *, agrees: bool) -> Invited:
    """Open an invitation, and agree to take part or not."""
    browser.get(f"/i/{token}")
    browser.post(f"/i/{token}", {})
    item = NO_ITEM
    if agrees:
        browser.send("consent")
        browser.get("/judge")
        item = browser.page.item
    form_token = next(form.fields["form_token"] for form in browser.page.forms if "form_token" in form.fields)
    return Invited(evaluator_id, token, browser, form_token, item)


def send_everything(people: list[Invited], dag: Browser, admin_site: AdminSite, round_id: str) -> None:
    """Send every form of the program: as every evaluator and as an admin."""
    for person in people:
        for path, fields in EVALUATOR_FIELDS.items():
            if path == "/judge/consent" and person.item == NO_ITEM:
                continue  # who agrees cannot decline any more
            filled = {name: value.replace("{item}", person.item) for name, value in fields.items()}
            token = {} if path in ("/i/{token}", "/language") else {"form_token": person.form_token}
            assert person.browser.post(path.replace("{token}", person.token), filled | token).status_code < 500, path
    dag.get("/admin/rounds/new")
    form_token = dag.page.require_form("create").fields["form_token"]
    for path, fields in ADMIN_FIELDS.items():
        filled = draft_fields(admin_site) if path == "/admin/rounds" else dict(fields)
        address = path.replace("{round_id}", round_id).replace("{evaluator_id}", people[0].id)
        address = address.replace("{keyholder_id}", "1")
        with without_figures():
            assert dag.post(address, filled | {"form_token": form_token}).status_code < 500, path
    for method, path in route_table(admin_site.app):
        if method == "GET":
            address = path.replace("{round_id}", round_id).replace("{item}", people[-1].item)
            with without_figures():
                assert dag.get(address.replace("{token}", people[0].token)).status_code < 500, path
                people[-1].browser.get(address.replace("{token}", people[-1].token))


def test_every_form_of_the_program_is_tried() -> None:
    from app.foundation.settings import Settings
    from app.web.app import create_app

    app = create_app(Settings(database_url="sqlite://"))
    forms = {path for method, path in route_table(app) if method == "POST"}
    assert forms == ADMIN_FIELDS.keys() | EVALUATOR_FIELDS.keys() | ENDS_HERE


@pytest.mark.parametrize("stage", ["locked", "unblinded"])
def test_nothing_that_anybody_sends_later_keeps_a_round_from_being_unblinded_and_verified(
    collecting: str, snapshots: Snapshots, dag: Browser, admin_site: AdminSite, tmp_path: Path, stage: str
) -> None:
    round_page = f"/admin/rounds/{collecting}"
    bo, cy = (invite(dag, admin_site, collecting, name) for name in ("Bo", "Cy"))
    judge_as_ada(admin_site, snapshots.token)
    with admin_site.browser() as first, admin_site.browser() as second:
        people = [come_in(first, *bo, agrees=False), come_in(second, *cy, agrees=True)]
        dag.get(round_page)
        dag.send("lock", sure="true")
        if stage == "locked":
            send_everything(people, dag, admin_site, collecting)
        dag.get(f"{round_page}/unblind")
        dag.send("unblind", keys=snapshots.keys[0], reason=REASON, password=PASSWORD)
        assert dag.path == f"{round_page}/report"
        if stage == "unblinded":
            send_everything(people, dag, admin_site, collecting)
    dag.get(f"{round_page}/report")
    dag.send("correct", reason=REASON, password=PASSWORD)
    assert dag.path == f"{round_page}/report"
    assert dag.response.status_code == 200
    for name in ("export", "blinded"):
        path = tmp_path / f"{name}.zip"
        with without_figures():
            path.write_bytes(dag.get(f"{round_page}/{name}.zip").content)
            assert verify_export(path).differences == []
    with admin_site.database.reading() as session:
        actions = [event.action for event in round_events(session, collecting)]
    assert "declined" not in actions
