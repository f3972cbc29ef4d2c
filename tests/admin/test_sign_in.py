"""Who may come in, and how a session ends."""

import stat

import pytest
from itsdangerous import URLSafeTimedSerializer

from app.foundation.errors import SettingsError
from app.foundation.settings import Settings
from app.services.admins import change_password
from app.web.admin.session_secret import session_secret
from app.web.admin.sign_in_limit import MOST_WRONG_PASSWORDS
from tests.admin.admin_site import PASSWORD, AdminSite, Browser


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
    for _ in range(MOST_WRONG_PASSWORDS):
        stranger.sign_in("Dag", "not the password")
    assert stranger.sign_in().status_code == 403
    assert "try again in 10 minutes" in stranger.text


def test_a_new_password_ends_older_sessions(dag: Browser, admin_site: AdminSite) -> None:
    with admin_site.database.writing() as session:
        change_password(session, "Dag", "quite another password")
    dag.get("/admin/rounds")
    assert dag.path == "/admin/sign-in"


def test_signing_out_ends_the_session(stranger: Browser) -> None:
    stranger.sign_in()
    stranger.send("sign-out")
    stranger.get("/admin/rounds")
    assert stranger.path == "/admin/sign-in"


@pytest.mark.parametrize("cookie", ["", "x", "Dag", "WyJEYWciLCJ4IiwieCJd.aaaa.bbbb"])
def test_a_forged_cookie_is_no_session(stranger: Browser, cookie: str) -> None:
    stranger.client.cookies.set("fg_admin", cookie)
    stranger.get("/admin/rounds")
    assert stranger.path == "/admin/sign-in"


def test_a_cookie_signed_with_another_secret_is_no_session(dag: Browser, admin_site: AdminSite) -> None:
    cookie = dag.client.cookies["fg_admin"]
    serializer = URLSafeTimedSerializer(session_secret(admin_site.settings), salt="admin session")
    content = serializer.loads(cookie)
    forged = URLSafeTimedSerializer("another secret of 32 characters...", salt="admin session").dumps(content)
    dag.client.cookies.clear()
    dag.client.cookies.set("fg_admin", str(forged))
    dag.get("/admin/rounds")
    assert dag.path == "/admin/sign-in"


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


def test_scripts_and_other_sites_cannot_use_the_admins_cookie(stranger: Browser) -> None:
    stranger.get("/admin/sign-in")
    form = stranger.page.require_form("sign-in")
    fields = form.fields | {"name": "Dag", "password": PASSWORD}
    cookie = stranger.client.post(form.action, data=fields, follow_redirects=False).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_the_secret_is_made_once_and_for_its_owner_only(admin_site: AdminSite) -> None:
    first = session_secret(admin_site.settings)
    path = admin_site.settings.data / "secret"
    assert len(first) == 64
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert session_secret(admin_site.settings) == first


def test_a_short_secret_is_refused_with_a_sentence(admin_site: AdminSite) -> None:
    (admin_site.settings.data / "secret").write_text("short")
    with pytest.raises(SettingsError, match="fewer than 32 characters"):
        session_secret(admin_site.settings)
    with pytest.raises(SettingsError, match="FIRSTGLANCE_SECRET"):
        Settings.read(secret="short")
