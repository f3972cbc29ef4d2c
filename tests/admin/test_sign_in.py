"""Who may come in, and how a session ends."""

import stat
from contextlib import closing
from datetime import timedelta
from urllib.parse import unquote

import pytest
from click.testing import CliRunner
from itsdangerous import URLSafeSerializer
from sqlalchemy import update

from app.cli.main import cli
from app.foundation.clock import now
from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services.admin_sessions import IDLE, NOTED_AFTER
from app.services.password_attempts import MOST_AT_ONE_NAME, WINDOW
from app.store import engine
from app.store.admin_sessions import AdminSessionRow
from app.store.password_attempts import PasswordAttemptRow
from app.web.admin.server_secret import server_secret
from app.web.app import create_app
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, store_session


def test_the_right_password_leads_to_the_rounds(stranger: Browser) -> None:
    stranger.sign_in()
    assert stranger.path == "/admin/rounds"
    assert "There is no round yet" in stranger.text


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(stranger: Browser) -> None:
    answers = []
    for name, password in (("Dag", "not the password"), ("Nobody", PASSWORD), ("Dag\0", PASSWORD)):
        answers.append((stranger.sign_in(name, password).status_code, stranger.text.replace(name, "")))
    assert answers[0][0] == 403
    assert answers[0] == answers[1]
    assert answers[2][0] == 403
    assert "Name or password is wrong" in stranger.text


def test_after_many_wrong_passwords_even_the_right_one_waits(stranger: Browser) -> None:
    for _ in range(MOST_AT_ONE_NAME):
        stranger.sign_in("Dag", "not the password")
    assert stranger.sign_in().status_code == 403
    assert "try again in 10 minutes" in stranger.text


def test_no_header_gives_more_attempts(stranger: Browser) -> None:
    for number in range(MOST_AT_ONE_NAME):
        stranger.client.headers["X-Forwarded-For"] = f"203.0.113.{number}"
        stranger.client.headers["Forwarded"] = f"for=203.0.113.{number}"
        stranger.sign_in("Dag", "not the password")
    stranger.sign_in()
    assert "Too many wrong passwords" in stranger.text


def test_guesses_of_a_stranger_do_not_lock_out_a_browser_where_the_admin_signed_in_before(
    stranger: Browser, admin_site: AdminSite
) -> None:
    stranger.sign_in()
    with admin_site.browser() as guesser:
        for _ in range(MOST_AT_ONE_NAME):
            guesser.sign_in("Dag", "not the password")
        assert guesser.sign_in().status_code == 403
    stranger.send("sign-out")
    stranger.sign_in()
    assert stranger.path == "/admin/rounds"


def test_a_forged_cookie_of_a_known_browser_gives_no_attempts(stranger: Browser) -> None:
    for number in range(MOST_AT_ONE_NAME):
        forged = URLSafeSerializer("another secret of 32 characters...", salt="known browser of an admin")
        stranger.client.cookies.set("fg_known_browser", str(forged.dumps(["Dag", str(number)])))
        stranger.sign_in("Dag", "not the password")
    stranger.sign_in()
    assert "Too many wrong passwords" in stranger.text


def test_wrong_passwords_for_a_correction_count_too(dag: Browser, unblinded: str) -> None:
    dag.get(f"/admin/rounds/{unblinded}/report")
    report = dag.page.require_form("correct")
    for _ in range(MOST_AT_ONE_NAME):
        dag.post(report.action, report.fields | {"password": "wrong", "reason": "a longer reason"})
        assert "Name or password is wrong" in dag.text
    dag.post(report.action, report.fields | {"password": PASSWORD, "reason": "a longer reason"})
    assert "Too many wrong passwords" in dag.text


def test_wrong_passwords_for_an_unblinding_count_with_those_of_the_sign_in(
    dag: Browser, stranger: Browser, collecting: str
) -> None:
    dag.get(f"/admin/rounds/{collecting}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{collecting}/unblind")
    form = dag.page.require_form("unblind")
    for _ in range(MOST_AT_ONE_NAME):
        dag.post(form.action, form.fields | {"password": "wrong", "reason": "a longer reason", "keys": "none"})
        assert "Name or password is wrong" in dag.text
    stranger.sign_in()
    assert "Too many wrong passwords" in stranger.text


@pytest.mark.parametrize("way_out", ["sign out", "command line"])
def test_signing_out_and_a_new_password_end_every_session_at_once_in_every_process(
    dag: Browser, admin_site: AdminSite, way_out: str
) -> None:
    other_process = AdminSite(
        create_app(admin_site.settings, admin_site.database),
        admin_site.database,
        admin_site.settings,
        admin_site.archives,
    )
    with other_process.browser() as browser:
        browser.sign_in()
        if way_out == "sign out":
            browser.send("sign-out")
        else:
            words = ("--database-url", admin_site.database.url, "admin", "password", "Dag", "--password-file", "-")
            assert CliRunner().invoke(cli, words, input="quite another password\n").exit_code == 0
        for signed_in in (dag, browser):
            signed_in.get("/admin/rounds")
            assert signed_in.path == "/admin/sign-in"


def test_a_new_password_from_the_page_ends_every_session(dag: Browser, stranger: Browser) -> None:
    stranger.sign_in()
    dag.get("/admin/password")
    dag.send("password", password=PASSWORD, new_password="quite another password", repeated="quite another password")
    assert dag.path == "/admin/sign-in"
    assert "Your password was changed" in dag.text
    stranger.get("/admin/rounds")
    assert stranger.path == "/admin/sign-in"
    assert "Your password was changed" not in stranger.text
    stranger.sign_in(password="quite another password")
    assert stranger.path == "/admin/rounds"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"password": "wrong", "new_password": "long enough", "repeated": "long enough"}, "is wrong"),
        ({"password": PASSWORD, "new_password": "long enough", "repeated": "another one"}, "differ"),
        ({"password": PASSWORD, "new_password": "short", "repeated": "short"}, "5 characters"),
    ],
)
def test_a_new_password_needs_the_old_one_and_two_equal_long_ones(
    dag: Browser, fields: dict[str, str], complaint: str
) -> None:
    dag.get("/admin/password")
    dag.send("password", **fields)
    assert complaint in dag.text
    dag.get("/admin/rounds")
    assert dag.path == "/admin/rounds"


def test_signing_out_ends_every_session_of_the_admin(stranger: Browser, dag: Browser) -> None:
    stranger.sign_in()
    cookie = stranger.client.cookies["fg_admin"]
    stranger.send("sign-out")
    stranger.client.cookies.set("fg_admin", cookie)
    for browser in (stranger, dag):
        browser.get("/admin/rounds")
        assert browser.path == "/admin/sign-in"


def test_a_session_that_was_not_used_for_long_has_ended(dag: Browser, admin_site: AdminSite) -> None:
    def set_back(age: timedelta) -> None:
        with admin_site.database.writing() as session:
            session.execute(update(AdminSessionRow).values(last_seen_at=now() - age))

    set_back(IDLE - NOTED_AFTER)
    dag.get("/admin/rounds")
    with admin_site.database.reading() as session:
        assert session.query(AdminSessionRow).one().last_seen_at > now() - NOTED_AFTER
    set_back(IDLE)
    dag.get("/admin/rounds")
    assert dag.path == "/admin/sign-in"


def test_the_database_holds_digests_of_sessions_names_and_addresses_only(
    stranger: Browser, admin_site: AdminSite
) -> None:
    stranger.sign_in()
    cookies = dict(stranger.client.cookies)
    stranger.sign_in("typed password", "x")
    stored = admin_site.database_path.read_bytes() + admin_site.database_path.with_name("test.db-wal").read_bytes()
    for secret in (*cookies.values(), "typed password", "testclient"):
        assert secret.encode() not in stored


def test_a_session_that_a_stranger_put_into_the_browser_is_not_the_admins(stranger: Browser, dag: Browser) -> None:
    for planted in ("chosen by a stranger", dag.client.cookies["fg_admin"]):
        stranger.client.cookies.clear()
        stranger.client.cookies.set("fg_admin", planted)
        stranger.get("/admin/sign-in")
        answer = stranger.client.post(
            "/admin/sign-in", data={"name": "Dag", "password": PASSWORD}, follow_redirects=False
        )
        assert planted not in answer.headers["set-cookie"]
        stranger.client.cookies.clear()
        stranger.client.cookies.set("fg_admin", planted)
        stranger.get("/admin/rounds")
        assert stranger.path == "/admin/sign-in"


def test_ended_sessions_and_old_attempts_are_deleted_at_a_sign_in_and_at_the_start(
    stranger: Browser, admin_site: AdminSite
) -> None:
    def row_counts() -> tuple[int, int]:
        with admin_site.database.reading() as session:
            return session.query(AdminSessionRow).count(), session.query(PasswordAttemptRow).count()

    def age_all() -> None:
        with admin_site.database.writing() as session:
            session.execute(update(AdminSessionRow).values(expires_at=now()))
            session.execute(update(PasswordAttemptRow).values(at=now() - WINDOW))

    store_session(admin_site.database, "Dag")
    stranger.sign_in("Eva", "not the password")
    assert row_counts() == (1, 1)
    age_all()
    stranger.sign_in()
    stranger.sign_in("Eva", "not the password")
    assert row_counts() == (1, 1)
    age_all()
    with admin_site.browser():
        assert row_counts() == (0, 0)


def test_pages_are_shown_while_another_process_writes_for_long(
    dag: Browser, admin_site: AdminSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0)
    with closing(engine.Database(admin_site.database.url)) as database:
        admin_site.app.state.database = database
        with admin_site.database.writing() as session:
            session.execute(update(AdminSessionRow).values(last_seen_at=now() - NOTED_AFTER))
        with admin_site.database.writing():
            assert dag.get("/admin/rounds").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "Dag", "WyJEYWciLCJ4IiwieCJd.aaaa.bbbb"])
def test_a_forged_cookie_is_no_session(stranger: Browser, cookie: str) -> None:
    stranger.client.cookies.set("fg_admin", cookie)
    stranger.get("/admin/rounds")
    assert stranger.path == "/admin/sign-in"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example", "//elsewhere.example", "/admin/..//x", "/admin/\\x", ""]
)
def test_the_sign_in_link_leads_nowhere_but_to_our_pages(stranger: Browser, address: str) -> None:
    stranger.get(f"/admin/sign-in?next={address}")
    stranger.send("sign-in", name="Dag", password=PASSWORD)
    assert stranger.path == "/admin/rounds"
    assert stranger.response.url.host == "127.0.0.1"


def test_a_page_that_was_asked_for_is_shown_after_signing_in(stranger: Browser) -> None:
    stranger.get("/admin/rounds/new")
    assert stranger.path == "/admin/sign-in"
    stranger.send("sign-in", name="Dag", password=PASSWORD)
    assert stranger.path == "/admin/rounds/new"


@pytest.mark.parametrize(
    "path", ["/admin/rounds/x%26why=changed", "/admin/rounds/x%3Fwhy=changed", "/admin/rounds/%C3%A9"]
)
def test_a_path_that_was_asked_for_is_quoted_on_the_way_through_the_sign_in(stranger: Browser, path: str) -> None:
    stranger.get(path)
    assert "Your password was changed" not in stranger.response.text
    stranger.send("sign-in", name="Dag", password=PASSWORD)
    assert stranger.response.url.path == unquote(path)


@pytest.mark.parametrize("https", [False, True])
def test_scripts_and_other_sites_cannot_use_the_admins_cookie(
    stranger: Browser, admin_site: AdminSite, https: bool
) -> None:
    admin_site.app.state.settings = admin_site.settings.model_copy(update={"https": https})
    stranger.get("/admin/sign-in")
    form = stranger.page.require_form("sign-in")
    fields = form.fields | {"name": "Dag", "password": PASSWORD}
    answer = stranger.client.post(form.action, data=fields, follow_redirects=False)
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["fg_admin", "fg_known_browser"]
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert ("Secure" in cookie) == https


def test_the_secret_is_made_once_and_for_its_owner_only(admin_site: AdminSite) -> None:
    first = server_secret(admin_site.settings)
    path = admin_site.settings.data / "secret"
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert server_secret(admin_site.settings) == first


def test_a_short_secret_is_refused_with_a_sentence(admin_site: AdminSite) -> None:
    (admin_site.settings.data / "secret").write_text("short")
    with pytest.raises(SettingsError, match="fewer than 32 characters"):
        server_secret(admin_site.settings)
    with pytest.raises(SettingsError, match="FIRSTGLANCE_SECRET"):
        Settings.read(secret="short")
