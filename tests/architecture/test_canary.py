"""The blinding, seen from outside: nothing that an evaluator's browser can fetch says which model an item is from.

Arms, models, layers and neurons get names and numbers that occur nowhere else. Then every route that is not an admin's
is walked over real HTTP, before, while and after the round is open, and every body, header, cookie and template
context is searched for them and for every digest that is derived from them.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.foundation.settings import Settings
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.presets import design_from_preset
from app.rounds.sealing import KeyholderKey
from app.services import rounds
from app.services.admins import Admin
from app.services.keyholders import name_and_prove, new_key
from app.services.round_keys import RoundKeys
from app.services.unblinding import unblind_round, unblinded_evidence
from app.store import rounds as round_store
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.sealed import find_seal
from app.web.app import create_app
from app.web.leak_audit.audited_seal import seal_with_real_pages
from app.web.serving import served_in_thread
from tests.admin.admin_site import route_table
from tests.architecture.walking import RecordingBrowser, record_contexts
from tests.conftest import START
from tests.rounds.small_archives import make_archive
from tests.tasks.tasks import NAMES, TASKS

ARMS = ("quokka", "axolotl")
LAYER, NEURON = 42_004_200, 1_731_000_000
STRATUM = "narwhal/7"
PREFIX = 10
"""So many digits of a digest are enough to recognise it by."""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Archive]:
    folder = tmp_path_factory.mktemp("wombat")
    return [
        make_archive(folder / name, seed=seed, width=8, dead=0, first=(LAYER, NEURON + 20 * seed), weak=1)
        for seed, name in enumerate(ARMS, start=1)
    ]


@pytest.fixture(params=TASKS, ids=NAMES)
def design(request: pytest.FixtureRequest, archives: list[Archive]) -> Design:
    cells = [
        Cell(arm=arm, stratum=STRATUM, archive_sha256=archive.sha256)
        for arm, archive in zip(ARMS, archives, strict=True)
    ]
    return design_from_preset("quick", title="Spring reading", arms=cells, reference=ARMS[0], neurons=2).with_changes(
        **request.param.design_fields
    )


@pytest.fixture
def sealed(
    sqlite_database: Database, archives: list[Archive], design: Design, tmp_path: Path
) -> tuple[str, str, KeyholderKey]:
    """The id of a sealed round, Ada's token and a key."""
    keys = [new_key(), new_key()]
    with sqlite_database.writing() as session:
        add_admin(session, Admin("Dag", "").name, "-", START)
        paths = {archive.sha256: archive.path for archive in archives}
        round_id = rounds.create_round(session, design, paths, "Dag", START)
        name_and_prove(session, round_id, [key.identity for key in keys], "Dag", START)
        seal_with_real_pages(session, Settings(data=tmp_path), round_id, "Dag", START)
        token = rounds.invite_evaluator(session, round_id, "Ada", False, "Dag", START).token
    return round_id, token, keys[0]


@pytest.fixture
def address(sqlite_database: Database, tmp_path: Path) -> Iterator[str]:
    """A real server."""
    with served_in_thread(Settings(data=tmp_path, port=0), sqlite_database) as base_address:
        yield base_address


def canaries(database: Database, round_id: str, design: Design, archives: list[Archive]) -> list[str]:
    """Everything that would tell an item's arm, model, layer or neuron, or the whole allocation."""
    with database.reading() as session:
        digests = [item.digest for item in round_store.items_of_round(session, round_id)]
        digests.append(find_seal(session, round_id).sealed_sha256)
    digests.append(design.sha256)
    named = [*ARMS, STRATUM.split("/")[0], "wombat", str(LAYER), str(NEURON)[:8]]
    for archive in archives:
        model = archive.manifest.model
        named += [model.name, str(model.weights_sha256)]
        digests += [archive.sha256, *archive.manifest.files.values()]
    return named + [digest[-PREFIX:] for digest in digests]


def visit_everything(browser: RecordingBrowser, token: str, codes: list[str], routes: list[tuple[str, str]]) -> None:
    """Go the evaluator's way to the end, then ask for every route, each item's address and each file of the pages."""
    answers = Answers(lambda page: page.answers[0], hypothesis=lambda _page: "a rule")
    for _page in walk_round(Visitor(browser.client, at_once=False), token, answers, ends=("done", "closed")):
        browser.ask("GET", "/judge")
    for method, path in routes:
        for code in codes if "{item}" in path else [""]:
            browser.ask(method, path.replace("{item}", code).replace("{token}", token))
    linked = {path for _, text in browser.responses for path in re.findall(r'(?:href|src|action)="(/[^"]*)"', text)}
    for path in sorted(linked - {path for _, path in routes}):
        browser.ask("GET", path.replace("&amp;", "&"))


def test_no_response_and_no_template_context_holds_a_canary(
    sqlite_database: Database,
    sealed: tuple[str, str, KeyholderKey],
    address: str,
    design: Design,
    archives: list[Archive],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    round_id, token, key = sealed
    contexts = record_contexts(monkeypatch)
    forbidden = canaries(sqlite_database, round_id, design, archives)
    forbidden.append(RoundKeys.in_data_folder(tmp_path).made_or_read(round_id).private_text[-PREFIX:])
    routes = [
        route for route in route_table(create_app(Settings(), sqlite_database)) if not route[1].startswith("/admin")
    ]
    with sqlite_database.reading() as session:
        codes = [item.code for item in round_store.items_of_round(session, round_id)]
    browser = RecordingBrowser(address)
    with browser.client:
        for step in ("sealed", "open", "lock", "unblind"):
            with sqlite_database.writing() as session:
                if step == "open":
                    rounds.open_round(session, round_id, "Dag", START)
                if step == "lock":
                    rounds.lock_round(session, round_id, "Dag", START)
                if step == "unblind":
                    unblind_round(session, round_id, [key.identity], "Dag", "to see what shows", START)
            visit_everything(browser, token, codes, routes)
    responses = browser.responses
    assert len([text for _, text in responses if "data-peak" in text]) >= 2 * len(codes)
    assert any("Spring reading" in context for context in contexts)
    assert any('"signature": "' in text for _, text in responses), "no receipt was signed, so no key was used"
    for canary in forbidden:
        pattern = re.compile(re.escape(canary), re.IGNORECASE)
        assert not [request for request, text in responses if pattern.search(text)], canary
        assert not [context for context in contexts if pattern.search(context)], canary
    assert not [request for request, text in responses if "traceback" in text.lower()]


def test_the_canaries_are_really_in_the_round(
    sqlite_database: Database, sealed: tuple[str, str, KeyholderKey], design: Design, archives: list[Archive]
) -> None:
    """So that the test above cannot pass for want of anything to find."""
    round_id, _, key = sealed
    with sqlite_database.writing() as session:
        rounds.open_round(session, round_id, "Dag", START)
        rounds.lock_round(session, round_id, "Dag", START)
        unblind_round(session, round_id, [key.identity], "Dag", "to see what shows", START)
    with sqlite_database.reading() as session:
        allocation = json.dumps(unblinded_evidence(session, round_id).seal.as_sealed["allocation"])
    for canary in (*ARMS, STRATUM, str(LAYER), str(NEURON)[:8], archives[0].sha256):
        assert canary in allocation
    assert ARMS[0] in design.canonical
