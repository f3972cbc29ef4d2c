"""A round's life on the admins' pages, with what is refused on the way."""

import io
import json
import re
import zipfile

import pytest

from app.report.number_text import percent, percent_range
from app.robots.rule import Rule, judge_by_rule
from app.robots.visitor import Visitor
from app.statistics.intervals import Interval
from tests.admin.office import PASSWORD, Browser, Office, seal_now

REASON = "Everyone has finished."
KEY = re.compile(r"AGE-SECRET-KEY-1[0-9A-Z]+")


@pytest.fixture
def keys(office: Office, draft: str) -> list[str]:
    """Two keys, either of which opens the round's seal."""
    return seal_now(office, draft)


@pytest.fixture
def token(dag: Browser, draft: str, keys: list[str]) -> str:
    """Ada's invitation; the round is open."""
    assert len(keys) == 2
    dag.get(f"/admin/rounds/{draft}")
    dag.send("open")
    dag.send("invite", name="Ada", exposed="true")
    return dag.text.split("/i/")[1].split("<")[0]


def judged_by_ada(office: Office, token: str) -> int:
    """Ada's script judges everything over the app itself."""
    with office.browser() as browser:
        return judge_by_rule(Visitor(browser.client), token, Rule("Ada", 0.8, 1))


def lock(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}")
    dag.send("lock", sure="true")


def test_the_keys_are_shown_once(dag: Browser, draft: str, office: Office) -> None:
    dag.get(f"/admin/rounds/{draft}")
    dag.send("seal")
    keys = KEY.findall(dag.text)
    assert len(keys) == 2
    dag.get(f"/admin/rounds/{draft}")
    assert "sealed" in dag.text
    assert not KEY.findall(dag.text)
    raw = (office.settings.data.parent / "test.db").read_bytes()
    wal = office.settings.data.parent / "test.db-wal"
    raw += wal.read_bytes() if wal.exists() else b""
    assert all(key.encode() not in raw for key in keys)


def test_a_round_is_sealed_once(dag: Browser, draft: str, keys: list[str]) -> None:
    assert keys
    dag.get(f"/admin/rounds/{draft}")
    token = dag.page.forms[0].fields["form_token"]
    assert dag.post(f"/admin/rounds/{draft}/seal", {"form_token": token}).status_code == 409
    assert "Only a draft can be sealed" in dag.text


def test_keyholders_can_give_keys_of_their_own(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}")
    assert dag.send("seal", recipients="age1nonsense age1more").status_code == 422
    dag.get(f"/admin/rounds/{draft}")
    assert "draft" in dag.text
    assert "refused" in dag.text


def test_a_link_is_shown_once_and_a_new_one_replaces_it(dag: Browser, draft: str, token: str, office: Office) -> None:
    dag.get(f"/admin/rounds/{draft}")
    assert token not in dag.text
    dag.send("reissue")
    fresh = dag.text.split("/i/")[1].split("<")[0]
    assert fresh != token
    with office.browser() as ada:
        assert ada.get(f"/i/{token}").status_code == 404
        assert ada.get(f"/i/{fresh}").status_code == 200


def test_two_evaluators_cannot_have_one_name(dag: Browser, draft: str, token: str) -> None:
    assert token
    dag.get(f"/admin/rounds/{draft}")
    assert dag.send("invite", name="Ada").status_code == 409
    assert "already invited" in dag.text


def test_progress_counts_judgments_and_never_verdicts(dag: Browser, draft: str, token: str, office: Office) -> None:
    total = judged_by_ada(office, token)
    assert total == 6
    for path in (f"/admin/rounds/{draft}", "/admin/rounds"):
        dag.get(path)
        text = dag.text.lower()
        assert re.search(r'class="number">6<', text)
        for word in ("interpretable", "cannot_judge", "cannot judge", "verdict count", "layer"):
            assert word not in text


def test_pages_before_unblinding_are_the_same_whichever_neurons_were_drawn(
    dag: Browser, draft: str, token: str
) -> None:
    """The page of a round holds no item: no code, layer or index, so nothing that an arm could show in."""
    assert token
    dag.get(f"/admin/rounds/{draft}")
    from app.store import rounds as round_store

    with dag.client.app.state.database.reading() as session:  # type: ignore[attr-defined]  # the client's app is ours
        codes = [one.code for one in round_store.items_of_round(session, draft)]
    assert codes
    assert not any(code in dag.text for code in codes)


def test_the_lock_asks_to_be_sure(dag: Browser, draft: str, token: str) -> None:
    assert token
    dag.get(f"/admin/rounds/{draft}")
    assert dag.send("lock").status_code == 409
    assert "Tick the box" in dag.text
    lock(dag, draft)
    assert "The round is locked" in dag.text


def test_unblinding_before_the_lock_is_refused_and_logged(
    dag: Browser, draft: str, token: str, keys: list[str]
) -> None:
    assert token
    assert dag.get(f"/admin/rounds/{draft}/unblind").status_code == 409
    assert "Lock the round first" in dag.text
    dag.get(f"/admin/rounds/{draft}")
    form_token = dag.page.require_form("lock").fields["form_token"]
    fields = {"form_token": form_token, "keys": keys[0], "password": PASSWORD, "reason": REASON}
    assert dag.post(f"/admin/rounds/{draft}/unblind", fields).status_code == 409
    dag.get(f"/admin/rounds/{draft}")
    assert "refused" in dag.text
    assert dag.get(f"/admin/rounds/{draft}/report").status_code == 409


@pytest.mark.parametrize(
    ("field", "value", "status", "sentence"),
    [
        ("password", "not the password", 403, "Name or password is wrong"),
        ("reason", "why", 409, "Say why"),
        ("keys", "", 422, "key"),
        ("keys", "AGE-SECRET-KEY-1NONSENSE", 422, "key"),
    ],
)
def test_unblinding_needs_password_reason_and_key(
    dag: Browser, draft: str, token: str, keys: list[str], field: str, value: str, status: int, sentence: str
) -> None:
    assert token
    lock(dag, draft)
    dag.get(f"/admin/rounds/{draft}/unblind")
    fields = {"keys": keys[1], "password": PASSWORD, "reason": REASON} | {field: value}
    assert dag.send("unblind", **fields).status_code == status
    assert sentence in dag.text
    assert keys[1] not in dag.text
    dag.get(f"/admin/rounds/{draft}")
    assert "locked" in dag.text
    assert "refused" in dag.text


def test_the_report_shows_fractions_intervals_and_the_commitment(
    dag: Browser, draft: str, token: str, keys: list[str], office: Office
) -> None:
    judged_by_ada(office, token)
    lock(dag, draft)
    dag.get(f"/admin/rounds/{draft}/unblind")
    dag.send("unblind", keys=keys[1], password=PASSWORD, reason=REASON)
    assert dag.path == f"/admin/rounds/{draft}/report"
    report = dag.text
    analysis = json.loads(dag.get(f"/admin/rounds/{draft}/analysis.json").content)
    for arm, result in analysis["arms"].items():
        assert arm in report
        assert percent(result["fraction"]) in report
        assert percent_range(Interval(*result["interval"])) in report
    assert REASON in report
    assert "<svg" in report
    assert "style=" not in report
    rows = dag.get(f"/admin/rounds/{draft}/observations.csv").text.strip().splitlines()
    assert len(rows) == 1 + 6
    names = zipfile.ZipFile(io.BytesIO(dag.get(f"/admin/rounds/{draft}/export.zip").content)).namelist()
    assert {"analysis.json", "allocation.json", "judgments.json", "verify.py"} <= set(names)


def test_an_abandoned_round_stays_visible_with_its_reason(dag: Browser, draft: str, token: str) -> None:
    assert token
    dag.get(f"/admin/rounds/{draft}")
    assert dag.send("abandon", reason="").status_code == 409
    dag.get(f"/admin/rounds/{draft}")
    dag.send("abandon", reason="The corpus was the wrong one.")
    assert "given up" in dag.text
    assert "The corpus was the wrong one." in dag.text
