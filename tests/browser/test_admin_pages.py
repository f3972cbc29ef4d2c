"""An admin takes a round through its whole life in a real browser; every page is accessible, in both themes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.robots.rule import Rule, judge_by_rule
from app.robots.visitor import Visitor
from app.services.admins import add_admin
from app.store.engine import Database
from tests.admin.office import PASSWORD, Office, office_of
from tests.browser.conftest import PATIENCE, SCHEMES, Site
from tests.conftest import START
from tests.rounds.small_archives import make_archive

LONG = 180_000  # milliseconds; the export draws every figure


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path) -> Office:
    with sqlite_database.writing() as session:
        add_admin(session, "Dag", PASSWORD, START)
    archives = make_archive(tmp_path / "plum", seed=1, dead=0), make_archive(tmp_path / "fig", seed=2, dead=0)
    return office_of(sqlite_database, tmp_path / "data", archives)


@pytest.fixture
def own_site(office: Office) -> Iterator[Site]:
    """The app over a real socket."""
    found = Site(office.database, office.settings.data)
    yield found
    found.stop()


@pytest.fixture
def page(chromium: Browser, own_site: Site) -> Iterator[Page]:
    """A page that axe looks at in each theme."""
    context = chromium.new_context(base_url=own_site.address, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def sound(page: Page, heading: str) -> None:
    """The page says what it is, and axe finds nothing wrong with it in either theme."""
    expect(page.locator("h1")).to_contain_text(heading)
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_a_round_through_its_whole_life(page: Page, own_site: Site) -> None:
    page.goto("/admin")
    sound(page, "Sign in")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    sound(page, "Rounds")
    round_address, keys = _sealed(page)
    page.get_by_role("button", name="Open the round").click()
    page.get_by_label("Pseudonym").fill("Ada")
    page.get_by_role("button", name="Invite").click()
    sound(page, "An invitation for Ada")
    link = page.locator("[data-link]").inner_text()
    with Visitor.at(own_site.address) as ada:
        assert judge_by_rule(ada, link.rsplit("/", 1)[-1], Rule("Ada", 0.8, 1)) == 4
    page.goto(round_address)
    expect(page.locator("progress")).to_have_attribute("value", "4")
    sound(page, "Spring reading")
    _unblinded(page, keys[1])
    sound(page, "were marked INTERPRETABLE")
    expect(page.locator("svg").first).to_be_visible()
    with page.expect_download(timeout=LONG) as download:
        page.get_by_role("link", name="Export (zip)").click(timeout=LONG)
    assert download.value.suggested_filename.endswith(".zip")


def _sealed(page: Page) -> tuple[str, list[str]]:
    """Make and seal a round; its address and the keys that were shown."""
    page.get_by_role("link", name="New round").first.click()
    sound(page, "New round")
    page.get_by_label("Title").fill("Spring reading")
    page.get_by_label("Preset").select_option("quick")
    for place in (1, 2):
        page.get_by_label(f"Archive of arm {place}").select_option(index=place)
    page.get_by_label("Neurons per arm").fill("2")
    page.get_by_role("button", name="Make the draft").click()
    sound(page, "Spring reading")
    address = page.url
    page.get_by_role("button", name="Seal the round").click()
    sound(page, "The round is sealed")
    keys = page.locator("code.secret").all_inner_texts()
    page.get_by_role("link", name="I have stored them").click()
    return address, keys


def _unblinded(page: Page, key: str) -> None:
    """Lock and unblind."""
    page.get_by_label("No judgment can be added").check()
    page.get_by_role("button", name="Lock the round").click()
    page.get_by_role("link", name="Unblind the round").click()
    sound(page, "Unblind Spring reading")
    page.get_by_label("Key (AGE").fill(key)
    page.get_by_label("Reason").fill("Everyone has finished.")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Open the seal").click()


def test_a_refusal_is_a_page_that_leads_back(page: Page) -> None:
    page.goto("/admin/rounds/nowhere")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    sound(page, "There is nothing here")
    page.get_by_role("link", name="To the rounds").click()
    expect(page.locator("h1")).to_have_text("Rounds")


def test_the_pages_need_no_sideways_scrolling_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/admin/rounds/new")
    page.get_by_label("Name").fill("Dag")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    for address in ("/admin/rounds/new", "/admin/rounds", "/admin/rounds/nowhere"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
