"""A round's database at each stage, made once through the pages and copied for each test."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from tests.admin.admin_site import PASSWORD, AdminSite, Browser, make_draft, seal_now

REASON = "Everyone has finished."


@dataclass(frozen=True)
class Snapshots:
    """Copies of one round's database: as a draft, sealed, open to Ada, and unblinded after she judged it."""

    folder: Path
    round_id: str
    keys: tuple[str, ...]
    """Either of them opens the round's seal."""
    token: str
    """The token of Ada's invitation."""

    def restore(self, stage: str, admin_site: AdminSite) -> None:
        """Replace the site's database by its copy of that stage."""
        copy_database(self.folder / f"{stage}.db", admin_site.database_path)


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database whose connections may be open."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)


def take_snapshots(admin_site: AdminSite, dag: Browser, folder: Path) -> Snapshots:
    """Take a round from draft to report and save its database at each stage."""
    round_id = make_draft(dag, admin_site)
    copy_database(admin_site.database_path, folder / "draft.db")
    keys = tuple(seal_now(admin_site, round_id))
    copy_database(admin_site.database_path, folder / "sealed.db")
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("open")
    token = invite_ada(dag)
    copy_database(admin_site.database_path, folder / "open.db")
    judge_as_ada(admin_site, token)
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{round_id}/unblind")
    dag.send("unblind", keys=keys[0], reason=REASON, password=PASSWORD)
    copy_database(admin_site.database_path, folder / "unblinded.db")
    return Snapshots(folder, round_id, keys, token)


def invite_ada(dag: Browser) -> str:
    """Invite Ada from the page of a round. Returns the token of her invitation."""
    dag.send("invite", name="Ada", exposed="true")
    return dag.text.split("/i/")[1].split("<")[0]


def judge_as_ada(admin_site: AdminSite, token: str) -> int:
    """Judge every item by a rule through the app. Returns how many items there were."""
    with admin_site.browser() as browser:
        return ScriptedEvaluator("Ada", 0.8, 1).judge_round(Visitor(browser.client), token)
