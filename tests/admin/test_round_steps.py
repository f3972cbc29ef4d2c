"""A round's life on the admins' pages, with what is refused on the way."""

import json
import re
import shutil
import threading
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from app.evidence.signing import SigningKey
from app.foundation.clock import now
from app.leak_audit.permutation_test import PermutationTest
from app.leak_audit.summary import AuditSummary, summarise_gate
from app.report.number_text import percent, percent_range
from app.rounds.lifecycle import LONGEST_REASON
from app.services.log import round_events
from app.services.round_keys import RoundKeys
from app.services.seal_runs import SILENCE
from app.statistics.intervals import Interval
from app.store import rounds as round_store
from app.store.tables import SealRunRow
from app.web.leak_audit import audited_seal
from app.web.leak_audit.seal_runner import SealRunner
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, make_draft, prove_two_keys, seal_now
from tests.admin.snapshots import REASON, Snapshots, judge_as_ada

KEY = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")


def lock(dag: Browser, round_id: str) -> None:
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("lock", sure="true")


@pytest.fixture
def quick_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """An audit that passes at once: a real one takes seconds and is tested where it stands."""
    passed = SimpleNamespace(passed=True, model_dump=dict)
    monkeypatch.setattr(audited_seal, "audit_prepared_seal", lambda *_arguments: passed)


@pytest.mark.usefixtures("quick_audit")
def test_the_seal_takes_proved_keys_and_stores_none(dag: Browser, draft: str, admin_site: AdminSite) -> None:
    dag.get(f"/admin/rounds/{draft}")
    dag.send("seal")
    assert (dag.response.status_code, "Name and prove two keys" in dag.text) == (422, True)
    keys = prove_two_keys(admin_site, draft)
    dag.get(f"/admin/rounds/{draft}")
    dag.send("seal")
    admin_site.finish_seals()
    dag.get(f"/admin/rounds/{draft}")
    assert dag.page.require_form("open")
    raw = admin_site.database_path.read_bytes()
    wal = admin_site.database_path.with_suffix(".db-wal")
    raw += wal.read_bytes() if wal.exists() else b""
    assert all(key.encode() not in raw for key in keys)


def test_what_the_audit_warned_of_stands_on_the_page_of_the_sealed_round(
    dag: Browser, draft: str, admin_site: AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A p that stops no seal; the real audit would find it once in fifty rounds."""
    rare = PermutationTest(0.004, 19_999, "code", item_count=24, feature_count=9, plain_leak_p=0.00005)
    gate = summarise_gate([], [], [], rare)
    warned = AuditSummary(passed=True, responses=48, gate=gate, positions={})
    monkeypatch.setattr(audited_seal, "audit_prepared_seal", lambda *_arguments: warned)
    prove_two_keys(admin_site, draft)
    dag.get(f"/admin/rounds/{draft}")
    assert "The leak audit warns" not in dag.text
    dag.send("seal")
    admin_site.finish_seals()
    dag.get(f"/admin/rounds/{draft}")
    assert f"The leak audit warns: {warned.warning}" in dag.text
    assert "(p = 0.004)" in warned.warning
    assert dag.page.require_form("open"), "a warning stops nothing"


def test_while_the_seal_is_made_the_page_shows_how_far_it_is_and_loads_itself_again(
    dag: Browser, draft: str, admin_site: AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The audit waits in the middle, as long as this test looks at the page."""
    reached, released = threading.Event(), threading.Event()

    def wait_in_the_middle(_prepared: object, walk: object, _now: object) -> SimpleNamespace:
        assert callable(walk)
        reached.set()
        assert released.wait(60)
        return SimpleNamespace(passed=False, complaint="a planted leak")

    monkeypatch.setattr(audited_seal, "audit_prepared_seal", wait_in_the_middle)
    dag.get(f"/admin/rounds/{draft}")
    prove_two_keys(admin_site, draft)
    token = dag.page.require_form("seal").fields
    assert dag.send("seal").status_code == 200
    assert dag.path == f"/admin/rounds/{draft}"
    assert reached.wait(60)
    assert dag.get(f"/admin/rounds/{draft}").headers["Refresh"] == "3"
    assert "The seal is being made" in dag.text
    assert "Drawing neurons and making items" in dag.text
    assert dag.post(f"/admin/rounds/{draft}/seal", token).status_code == 422, "one run of a round at a time"
    assert "that seal is under way" in " ".join(dag.text.split())
    released.set()
    admin_site.finish_seals()
    assert "Refresh" not in dag.get(f"/admin/rounds/{draft}").headers
    assert "Nothing was sealed. The audit found a leak" in dag.text
    assert dag.page.require_form("seal")


@pytest.mark.usefixtures("quick_audit")
def test_a_seal_whose_server_was_killed_is_called_interrupted_and_begun_again(
    dag: Browser, draft: str, admin_site: AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    prove_two_keys(admin_site, draft)
    with monkeypatch.context() as patch:
        patch.setattr(SealRunner, "run", lambda *_arguments: None)  # as if the server died right after the first step
        dag.get(f"/admin/rounds/{draft}")
        dag.send("seal")
    silent = {"beat_at": now() - 2 * SILENCE}
    with admin_site.database.writing() as session:
        session.execute(update(SealRunRow).where(SealRunRow.round_id == draft).values(**silent))
    dag.get(f"/admin/rounds/{draft}")
    assert "was interrupted" in dag.text
    dag.send("seal")
    admin_site.finish_seals()
    with admin_site.database.reading() as session:
        steps = [event.action for event in round_events(session, draft)]
    assert steps[-4:] == ["seal begun", "seal interrupted", "seal begun", "sealed"]


def test_a_round_whose_key_was_exchanged_is_not_unblinded(
    dag: Browser, snapshots: Snapshots, collecting: str, admin_site: AdminSite
) -> None:
    """Its result could not be shown; so nothing is opened before the file is restored."""
    lock(dag, collecting)
    path = RoundKeys.in_data_folder(admin_site.settings.data).path_of(collecting)
    path.parent.mkdir(exist_ok=True)
    path.write_text(SigningKey.new().private_text)
    dag.get(f"/admin/rounds/{collecting}/unblind")
    refused = dag.send("unblind", keys=snapshots.keys[0], reason=REASON, password=PASSWORD)
    assert (refused.status_code, "holds another key than" in refused.text) == (422, True)
    with admin_site.database.reading() as session:
        assert round_store.find_round(session, collecting).state == "locked"
        refusal = round_events(session, collecting)[-1]
    assert (refusal.action, refusal.detail["attempted"]) == ("refused", "unblind")


def test_the_state_is_asked_before_the_box(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    token = dag.page.forms[0].fields["form_token"]
    assert dag.post(f"/admin/rounds/{sealed}/lock", {"form_token": token}).status_code == 409


def test_a_sealed_round_cannot_be_sealed_again(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    token = dag.page.forms[0].fields["form_token"]
    assert dag.post(f"/admin/rounds/{sealed}/seal", {"form_token": token}).status_code == 409
    assert "Only a draft can be sealed" in dag.text


def test_a_public_key_that_is_none_is_refused(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}/keys")
    assert dag.send("name-key", public_key="age1nonsense").status_code == 422
    dag.get(f"/admin/rounds/{draft}")
    assert "draft" in dag.text
    assert "refused" in dag.text
    assert "seal begun" not in dag.text, "a draw that is thrown away counts in the report"


def test_a_seal_that_is_refused_before_the_draw_is_in_the_log(dag: Browser, draft: str, admin_site: AdminSite) -> None:
    folder = admin_site.settings.data / "round_keys"
    shutil.rmtree(folder, ignore_errors=True)
    folder.write_text("a file in place of the folder")
    for sentence in ("Name and prove two keys", "cannot be written"):
        dag.get(f"/admin/rounds/{draft}")
        assert dag.send("seal").status_code == 422
        assert sentence in dag.text
        with admin_site.database.reading() as session:
            newest = round_events(session, draft)[-1]
        assert (newest.action, sentence in str(newest.detail["why"])) == ("refused", True)
        prove_two_keys(admin_site, draft)
    folder.unlink()


def test_a_link_is_shown_once_and_a_new_one_replaces_it(
    dag: Browser, collecting: str, snapshots: Snapshots, admin_site: AdminSite
) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    assert snapshots.token not in dag.text
    dag.send("reissue")
    new_token = dag.text.split("/i/")[1].split("<")[0]
    assert new_token != snapshots.token
    with admin_site.browser() as ada:
        assert ada.get(f"/i/{snapshots.token}").status_code == 404
        assert ada.get(f"/i/{new_token}").status_code == 200


def test_two_evaluators_cannot_have_the_same_name(dag: Browser, collecting: str) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    assert dag.send("invite", name="Ada").status_code == 422
    assert "That could not be done" in dag.text
    assert "already invited" in dag.text


def test_progress_counts_judgments_and_never_verdicts(
    dag: Browser, collecting: str, snapshots: Snapshots, admin_site: AdminSite
) -> None:
    assert judge_as_ada(admin_site, snapshots.token) == 6
    for path in (f"/admin/rounds/{collecting}", "/admin/rounds"):
        dag.get(path)
        text = dag.text.lower()
        assert re.search(r'class="number">6<', text)
        for word in ("interpretable", "cannot_judge", "cannot judge", "verdict count", "layer"):
            assert word not in text


def test_the_page_of_a_round_shows_no_item(dag: Browser, collecting: str, admin_site: AdminSite) -> None:
    """Without codes, layers or indexes the page is the same whichever neurons were drawn, so it cannot show an arm."""
    dag.get(f"/admin/rounds/{collecting}")
    with admin_site.database.reading() as session:
        codes = [item.code for item in round_store.items_of_round(session, collecting)]
    assert codes
    assert not any(code in dag.text for code in codes)


def test_a_round_is_locked_only_if_the_box_is_ticked(dag: Browser, collecting: str) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    assert dag.send("lock").status_code == 422
    assert "Tick the box" in dag.text
    lock(dag, collecting)
    assert "The round is locked" in dag.text
    assert re.search(r"<dt>Lock</dt>\s*<dd>\s*<code class=\"digest\">[0-9a-f]{64}</code>", dag.text)


def test_unblinding_before_the_lock_is_refused_and_logged(dag: Browser, collecting: str, snapshots: Snapshots) -> None:
    assert dag.get(f"/admin/rounds/{collecting}/unblind").status_code == 409
    assert "Lock the round first" in dag.text
    dag.get(f"/admin/rounds/{collecting}")
    form_token = dag.page.require_form("lock").fields["form_token"]
    fields = {"form_token": form_token, "keys": snapshots.keys[0], "password": PASSWORD, "reason": REASON}
    assert dag.post(f"/admin/rounds/{collecting}/unblind", fields).status_code == 409
    dag.get(f"/admin/rounds/{collecting}")
    assert "refused" in dag.text
    assert dag.get(f"/admin/rounds/{collecting}/report").status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "status", "sentence"),
    [
        ("password", "not the password", 403, "Name or password is wrong"),
        ("reason", "why", 422, "Say why"),
        ("keys", "", 422, "key"),
        ("keys", "AGE-SECRET-KEY-1NONSENSE", 422, "key"),
    ],
)
def test_unblinding_needs_password_reason_and_key(
    dag: Browser, collecting: str, snapshots: Snapshots, field: str, value: str, status: int, sentence: str
) -> None:
    key = snapshots.keys[1]
    lock(dag, collecting)
    dag.get(f"/admin/rounds/{collecting}/unblind")
    fields = {"keys": key, "password": PASSWORD, "reason": REASON} | {field: value}
    assert dag.send("unblind", **fields).status_code == status
    assert sentence in dag.text
    assert key not in dag.text
    dag.get(f"/admin/rounds/{collecting}")
    assert "locked" in dag.text
    assert "refused" in dag.text


def test_unblinding_leads_to_a_report_with_fractions_and_intervals(
    dag: Browser, collecting: str, snapshots: Snapshots, admin_site: AdminSite
) -> None:
    judge_as_ada(admin_site, snapshots.token)
    lock(dag, collecting)
    dag.get(f"/admin/rounds/{collecting}/unblind")
    dag.send("unblind", keys=snapshots.keys[1], password=PASSWORD, reason=REASON)
    assert dag.path == f"/admin/rounds/{collecting}/report"
    report = dag.text
    analysis = json.loads(dag.get(f"/admin/rounds/{collecting}/analysis.json").content)
    for arm, result in analysis["arms"].items():
        assert arm in report
        assert percent(result["fraction"]) in report
        assert percent_range(Interval(*result["interval"])) in report
    assert REASON in report
    assert "<svg" in report
    assert "style=" not in report


def test_the_log_is_written_in_words_and_not_in_python(dag: Browser, collecting: str) -> None:
    lock(dag, collecting)
    dag.get(f"/admin/rounds/{collecting}")
    log = dag.text[dag.text.index('<table class="log">') :]
    details = re.findall(r'<span class="muted">([^<]*)</span> ([^<]*)</span>', log)
    assert len(details) > 10
    assert ("stopped early", "yes") in details
    assert not any(re.search(r"\bNone\b|\bTrue\b|[\[{]'|\[\]", value) for _, value in details)
    assert not any(name == "v" for name, _ in details)
    people = log[log.index("<summary>evaluators: 1</summary>") :]
    assert re.search(r"<dt>Ada</dt>\s*<dd class=\"muted\">\s*entries 0 head", people)
    assert re.search(r">\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC</time>", log)


def test_pages_ask_for_publication_and_claim_none(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    assert "is published" not in dag.text
    assert "Publish its commitment" in dag.text


def test_an_abandoned_round_stays_visible_with_its_reason(dag: Browser, collecting: str) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    assert dag.send("abandon", reason="").status_code == 422
    dag.get(f"/admin/rounds/{collecting}")
    dag.send("abandon", reason="The corpus was the wrong one.")
    assert "given up" in dag.text
    assert "The corpus was the wrong one." in dag.text


def test_a_lost_key_of_the_receipts_is_said_on_the_round_s_page(dag: Browser, admin_site: AdminSite) -> None:
    round_id = make_draft(dag, admin_site)
    assert "receipts is missing" not in dag.text
    seal_now(admin_site, round_id)
    dag.get(f"/admin/rounds/{round_id}")
    assert "receipts is missing" not in dag.text
    (admin_site.settings.data / "round_keys" / f"{round_id}.key").unlink()
    dag.get(f"/admin/rounds/{round_id}")
    assert "The key that signs this round&#39;s receipts is missing" in dag.text


def test_a_lost_key_is_said_on_the_form_that_opens_the_seal(dag: Browser, admin_site: AdminSite) -> None:
    round_id = make_draft(dag, admin_site)
    seal_now(admin_site, round_id)
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("open")
    lock(dag, round_id)
    assert "receipts is missing" not in dag.get(f"/admin/rounds/{round_id}/unblind").text
    (admin_site.settings.data / "round_keys" / f"{round_id}.key").unlink()
    assert "Restore it before you unblind the round" in dag.get(f"/admin/rounds/{round_id}/unblind").text


@pytest.mark.parametrize("reason", ["short <b>", "long <b> " + "x" * LONGEST_REASON])
def test_a_reason_that_is_refused_stands_on_the_page_to_be_copied(dag: Browser, draft: str, reason: str) -> None:
    dag.get(f"/admin/rounds/{draft}")
    assert dag.send("abandon", reason=reason).status_code == 422
    assert f"readonly>{reason.replace('<b>', '&lt;b&gt;')}</textarea>" in dag.text


def test_the_page_of_an_invitation_shows_the_pseudonym_as_it_is_stored(dag: Browser, sealed: str) -> None:
    dag.get(f"/admin/rounds/{sealed}")
    dag.send("invite", name=" Ada \u2028 of\tLyon ")
    assert "Ada of Lyon" in dag.text
