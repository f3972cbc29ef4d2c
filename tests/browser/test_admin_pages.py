"""An admin takes a round through its whole life in a real browser; every page is accessible, in both themes."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.archive.archive import Archive
from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from app.services.admins import Admin, password_stamp
from app.store.admins import add_admin
from app.store.engine import Database
from app.web.admin.sign_in import signed_session
from app.web.security import ADMIN_COOKIE
from tests.admin.admin_site import PASSWORD, AdminSite, make_admin_site
from tests.browser.axe import axe_violations
from tests.browser.conftest import Site, Window
from tests.conftest import START, without_figures
from tests.rounds.small_archives import make_archive


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, Archive]:
    folder = tmp_path_factory.mktemp("archives")
    return make_archive(folder / "plum", seed=1, dead=0), make_archive(folder / "fig", seed=2, dead=0)


@pytest.fixture
def admin_site(
    sqlite_database: Database, tmp_path: Path, archives: tuple[Archive, Archive], password_hash: str
) -> AdminSite:
    """The admins' pages, where Dag has an account."""
    with sqlite_database.writing() as session:
        add_admin(session, "Dag", password_hash, START)
    return make_admin_site(sqlite_database, tmp_path / "data", archives)


@pytest.fixture
def site(server: Site, admin_site: AdminSite) -> Site:
    """The server with the admins' pages."""
    server.app = admin_site.app
    return server


@pytest.fixture
def page(window: Window) -> Page:
    """A page that axe looks at in each theme, without movement."""
    window.page.emulate_media(reduced_motion="reduce")
    return window.page


def expect_accessible(page: Page, heading: str) -> None:
    """The page says what it is, and axe finds nothing wrong with it in either theme."""
    expect(page.locator("h1")).to_contain_text(heading)
    assert axe_violations(page) == []


def test_an_admin_takes_a_round_from_draft_to_report(page: Page, site: Site) -> None:
    page.goto("/admin")
    expect_accessible(page, "Sign in")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect_accessible(page, "Rounds")
    round_address, keys = _sealed(page)
    page.get_by_role("button", name="Open the round").click()
    page.get_by_label("Pseudonym").fill("Ada")
    page.get_by_role("button", name="Invite").click()
    expect_accessible(page, "An invitation for Ada")
    link = page.locator("[data-link]").inner_text()
    with Visitor.at(site.address) as ada:
        assert ScriptedEvaluator("Ada", 0.8, 1).judge_round(ada, link.rsplit("/", 1)[-1]) == 4
    page.goto(round_address)
    expect(page.locator("progress")).to_have_attribute("value", "4")
    expect_accessible(page, "Spring reading")
    _unblinded(page, keys[1])
    expect_accessible(page, "This one evaluator marked")
    expect(page.locator("svg").first).to_be_visible()
    with without_figures(), page.expect_download() as download:
        page.get_by_role("link", name="Export (zip)").click()
    assert download.value.suggested_filename.endswith(".zip")


def _sealed(page: Page) -> tuple[str, list[str]]:
    """Make and seal a round; its address and the keys that were shown."""
    page.get_by_role("link", name="New round").first.click()
    expect_accessible(page, "New round")
    page.get_by_label("Title").fill("Spring reading")
    page.get_by_label("Preset").select_option("quick")
    for row in (1, 2):
        page.get_by_label(f"Archive of arm {row}").select_option(index=row)
    page.get_by_label("Neurons per arm").fill("2")
    page.get_by_role("button", name="Create the draft").click()
    expect_accessible(page, "Spring reading")
    address = page.url
    page.get_by_role("button", name="Seal the round").click()
    expect_accessible(page, "Keep these keys")
    keys = page.locator("code.secret").all_inner_texts()
    page.get_by_role("link", name="I have stored the keys").click()
    expect(page.get_by_role("button", name="Open the round")).to_be_visible(timeout=60_000)  # the page loads itself
    return address, keys


def _unblinded(page: Page, key: str) -> None:
    """Lock and unblind."""
    page.get_by_label("No judgment can be added").check()
    page.get_by_role("button", name="Lock the round").click()
    page.get_by_role("link", name="Unblind the round").click()
    expect_accessible(page, "Unblind Spring reading")
    page.get_by_label("Key (AGE").fill(key)
    page.get_by_label("Reason").fill("Everyone has finished.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Open the seal").click()


def test_a_refusal_is_a_page_that_leads_back(page: Page) -> None:
    page.goto("/admin/rounds/nowhere")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect_accessible(page, "There is nothing here")
    page.get_by_role("link", name="To the rounds").click()
    expect(page.locator("h1")).to_have_text("Rounds")


def test_the_pages_of_admins_need_no_sideways_scrolling_on_a_phone(
    page: Page, site: Site, admin_site: AdminSite, password_hash: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    session_token = signed_session(Admin("Dag", password_stamp(password_hash)), admin_site.settings)
    page.context.add_cookies([{"name": ADMIN_COOKIE, "value": session_token, "url": site.address}])
    for address in ("/admin/rounds/new", "/admin/rounds", "/admin/rounds/nowhere"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
