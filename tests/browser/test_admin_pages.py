"""An admin takes a round through its whole life in a real browser; every page is accessible, in both themes."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.archive.archive import Archive
from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from app.rounds.sealing import KeyholderKey
from app.services.keyholders import new_key
from app.services.log import round_events
from app.services.rounds import create_round, lock_round, open_round
from app.services.unblinding import unblinded_evidence
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.sealed import newest_unblinded
from app.web.leak_audit.audited_seal import seal_with_real_pages
from app.web.security import ADMIN_COOKIE
from tests.admin.admin_site import PASSWORD, AdminSite, make_admin_site, store_session
from tests.browser.axe import axe_violations
from tests.browser.conftest import Site, Window, new_profile
from tests.conftest import START, without_figures
from tests.rounds.small_archives import make_archive, two_arms
from tests.services.stages import prove_keys


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
    page.get_by_label("Units per arm").fill("2")
    page.get_by_role("button", name="Create the draft").click()
    expect_accessible(page, "Spring reading")
    address = page.url
    page.get_by_role("link", name="Make, name and prove the keys").click()
    keys = []
    for _ in range(2):
        expect_accessible(page, "Keys of Spring reading")
        page.get_by_role("button", name="Make a key").click()
        expect_accessible(page, "A new key")
        keys.append(page.locator("code.secret").inner_text())
        page.get_by_label("The key, copied").fill(keys[-1])
        page.get_by_role("button", name="Prove that it is stored").click()
    expect(page.locator("main")).to_contain_text("Nothing is missing")
    page.goto(address)
    page.get_by_role("button", name="Seal the round").click()
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


def _locked_nested_round(
    admin_site: AdminSite, archives: tuple[Archive, Archive], keys: dict[str, KeyholderKey]
) -> str:
    """A locked round that Dag and Eva open together: Eva's key opens the outer layer, Dag's the inner one."""
    with admin_site.database.writing() as session:
        paths = {archive.sha256: archive.path for archive in archives}
        round_id = create_round(session, two_arms(*archives, neurons=2), paths, "Dag", START)
        prove_keys(session, round_id, [keys["Dag"]], START, layer=1, by="Dag")
        prove_keys(session, round_id, [keys["Eva"]], START, layer=2, by="Eva")
        seal_with_real_pages(session, admin_site.settings, round_id, "Dag", START)
        open_round(session, round_id, "Dag", START)
        lock_round(session, round_id, "Dag", START)
    return round_id


def _give_key(page: Page, round_id: str, key_text: str, answer: str) -> None:
    """Send the form of the unblinding, and read the answer."""
    page.goto(f"/admin/rounds/{round_id}/unblind")
    page.get_by_label("Your key").fill(key_text)
    page.get_by_label("Reason").fill("Everyone has finished.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.locator("[data-step=unblind] button[type=submit]").click()
    expect(page.locator("main")).to_contain_text(answer)


def test_two_keyholders_open_a_seal_in_two_browsers_and_neither_alone(
    chromium: Browser, site: Site, admin_site: AdminSite, archives: tuple[Archive, Archive], password_hash: str
) -> None:
    with admin_site.database.writing() as session:
        add_admin(session, "Eva", password_hash, START)
    keys = {"Dag": new_key(), "Eva": new_key()}
    dag_key, eva_key, wrong_key = keys["Dag"].identity, keys["Eva"].identity, new_key().identity
    both = f"{dag_key}\n{eva_key}"
    round_id = _locked_nested_round(admin_site, archives, keys)
    with new_profile(chromium, site) as dag, new_profile(chromium, site) as eva:
        for name, profile in (("Dag", dag), ("Eva", eva)):
            token = store_session(admin_site.database, name)
            profile.add_cookies([{"name": ADMIN_COOKIE, "value": token, "url": site.address}])
        dag_page, eva_page = dag.new_page(), eva.new_page()
        for page, key_text, answer in (
            (dag_page, dag_key, "It is the turn of Eva."),
            (dag_page, eva_key, "This is the key of Eva"),
            (eva_page, both, "Give one key, your own."),
            (eva_page, wrong_key, "does not open with the key given"),
            (eva_page, eva_key, "It is the turn of Dag."),
            (eva_page, dag_key, "You have given your key already"),
            (dag_page, both, "Give one key, your own."),
            (dag_page, wrong_key, "does not open with the key given"),
        ):
            _give_key(page, round_id, key_text, answer)
        with admin_site.database.reading() as session:
            assert newest_unblinded(session, round_id) is None
        _give_key(dag_page, round_id, dag_key, "Correct the analysis")
    with admin_site.database.reading() as session:
        events = round_events(session, round_id)
        assert unblinded_evidence(session, round_id).log
    refused = [event.actor for event in events if event.action == "refused"]
    readers = [(event.actor, event.detail["key_part"]) for event in events if event.action == "key read"]
    assert (refused, readers) == (["Dag", "Dag", "Eva", "Eva", "Eva", "Dag", "Dag"], [("Eva", 2), ("Dag", 1)])
    assert not any(key.identity in str(events) for key in keys.values())


def test_a_refusal_is_a_page_that_leads_back(page: Page) -> None:
    page.goto("/admin/rounds/nowhere")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect_accessible(page, "There is nothing here")
    page.get_by_role("link", name="To the rounds").click()
    expect(page.locator("h1")).to_have_text("Rounds")


def test_the_pages_of_admins_need_no_sideways_scrolling_on_a_phone(
    page: Page, site: Site, admin_site: AdminSite
) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    session_token = store_session(admin_site.database, "Dag")
    page.context.add_cookies([{"name": ADMIN_COOKIE, "value": session_token, "url": site.address}])
    for address in ("/admin/rounds/new", "/admin/rounds", "/admin/rounds/nowhere"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
