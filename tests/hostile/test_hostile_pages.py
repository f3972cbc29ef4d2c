"""A real round whose corpus, arms, title and evaluator are hostile, from its draft to every page and download."""

import io
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest

from app.foundation.csv_table import read_records
from app.report.export.verify import verify_export
from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from app.store.engine import Database
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, make_draft, seal_now
from tests.admin.conftest import admin_site_with_dag, signed_in
from tests.admin.snapshots import REASON
from tests.conftest import without_figures
from tests.hostile import texts
from tests.hostile.test_responses import Elements
from tests.hostile.texts import commanding_characters
from tests.rounds import small_archives

TITLE = f"{texts.HEADING} <b onclick=x> {texts.FORMULA} {{{{ 7 * 7 }}}}"
ARMS = ["<i>axolotl</i> $x_1$", "_quokka | `b` =1"]
PSEUDONYM = f"{texts.COLOUR} {texts.TURNED} {texts.CONTROLS.replace(chr(0), '')} <u>"
EXCUSED_ELEMENTS = {"b", "u", "i", "onclick", "onerror", "img"}


@dataclass
class HostileRound:
    """A hostile round that was judged and unblinded, and what its evaluator saw."""

    dag: Browser
    round_id: str
    item: str
    evaluator_pages: tuple[str, str]
    """A page of an item, and the page of the evaluator's own data."""


@pytest.fixture(scope="module")
def hostile_round(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, password_hash: str
) -> Iterator[HostileRound]:
    folder = tmp_path_factory.mktemp("hostile_round")
    shutil.copyfile(sqlite_template, folder / "test.db")
    with pytest.MonkeyPatch.context() as patch, closing(Database(f"sqlite:///{folder / 'test.db'}")) as database:
        patch.setattr(small_archives, "WORDS", (*small_archives.WORDS, *texts.TEXTS))
        pair = tuple(small_archives.make_archive(folder / name, seed=seed, dead=0) for seed, name in enumerate("ab"))
        admin_site = admin_site_with_dag(database, folder / "data", (pair[0], pair[1]), password_hash)
        patch.setattr("app.services.rounds.has_unseen_characters", lambda _text: False)  # as version 0.1 took names
        with signed_in(admin_site) as dag:
            yield _unblinded_round(admin_site, dag)


def _unblinded_round(admin_site: AdminSite, dag: Browser) -> HostileRound:
    round_id = make_draft(dag, admin_site, title=TITLE, arm=[*ARMS, "", ""])
    keys = seal_now(admin_site, round_id)
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("open")
    dag.send("invite", name=PSEUDONYM)
    token = dag.text.split("/i/")[1].split("<")[0]
    with admin_site.browser() as browser:
        ScriptedEvaluator("Ada", 0.8, 1).judge_round(Visitor(browser.client), token)
        item_page = browser.get("/judge/undo").text
        mine = browser.get("/judge/mine").text
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{round_id}/unblind")
    dag.send("unblind", keys=keys[0], reason=REASON, password=PASSWORD)
    dag.get(f"/admin/rounds/{round_id}/gallery")
    dag.send("enter-gallery")
    item = next(read_records(dag.get(f"/admin/rounds/{round_id}/observations.csv").content))["item"]
    return HostileRound(dag, round_id, item, (item_page, mine))


@pytest.mark.parametrize("path", ["", "/report", "/numbers", "/gallery", "/gallery/ITEM"])
def test_pages_show_hostile_texts_as_texts(hostile_round: HostileRound, path: str) -> None:
    response = hostile_round.dag.get(
        f"/admin/rounds/{hostile_round.round_id}{path.replace('ITEM', hostile_round.item)}"
    )
    assert response.status_code == 200
    elements = Elements()
    elements.feed(response.text)
    assert EXCUSED_ELEMENTS.isdisjoint(elements.names)
    assert "alert(1)</script>" not in response.text
    assert not commanding_characters(unescape(response.text))


def test_downloads_are_made_and_the_export_verifies(hostile_round: HostileRound, tmp_path: Path) -> None:
    for path in ("report.pdf", "observations.csv", "analysis.json"):
        with without_figures():
            response = hostile_round.dag.get(f"/admin/rounds/{hostile_round.round_id}/{path}")
        assert response.status_code == 200, path
    with without_figures():
        export = hostile_round.dag.get(f"/admin/rounds/{hostile_round.round_id}/export.zip")
        assert export.status_code == 200
        assert "report.pdf" in zipfile.ZipFile(io.BytesIO(export.content)).namelist()
        (tmp_path / "export.zip").write_bytes(export.content)
        assert verify_export(tmp_path / "export.zip").differences == []


def test_evaluators_read_the_corpus_as_text(hostile_round: HostileRound) -> None:
    item_page, mine = hostile_round.evaluator_pages
    assert "alert(1)&lt;/script&gt;" in item_page
    for page in (item_page, mine):
        assert "alert(1)</script>" not in page
        assert not commanding_characters(unescape(page))
