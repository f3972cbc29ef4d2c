"""A round's database at each stage of its life, made once by the pages themselves and copied for each test."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.robots.scripted_evaluators import ScriptedEvaluator
from app.robots.visitor import Visitor
from tests.admin.office import PASSWORD, Browser, Office, make_draft, seal_now

REASON = "Everyone has finished."


@dataclass(frozen=True)
class Snapshots:
    """Files with the database of one round as a draft, sealed, open to Ada, and unblinded after she judged it."""

    folder: Path
    round_id: str
    keys: tuple[str, ...]
    """Either of them opens the round's seal."""
    token: str
    """Of Ada's invitation."""

    def restore(self, stage: str, office: Office) -> None:
        """Make the office's database what it was at that stage."""
        copy_database(self.folder / f"{stage}.db", office.database_path)


def copy_database(source: Path, target: Path) -> None:
    """Copy a SQLite database whose connections may be open."""
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)


def take_snapshots(office: Office, dag: Browser, folder: Path) -> Snapshots:
    """Lead a round from draft to report, and save its database on the way."""
    round_id = make_draft(dag, office)
    copy_database(office.database_path, folder / "draft.db")
    keys = tuple(seal_now(office, round_id))
    copy_database(office.database_path, folder / "sealed.db")
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("open")
    token = invite_ada(dag)
    copy_database(office.database_path, folder / "open.db")
    judge_as_ada(office, token)
    dag.get(f"/admin/rounds/{round_id}")
    dag.send("lock", sure="true")
    dag.get(f"/admin/rounds/{round_id}/unblind")
    dag.send("unblind", keys=keys[0], reason=REASON, password=PASSWORD)
    copy_database(office.database_path, folder / "unblinded.db")
    return Snapshots(folder, round_id, keys, token)


def invite_ada(dag: Browser) -> str:
    """Invite Ada from the page of a round; her token."""
    dag.send("invite", name="Ada", exposed="true")
    return dag.text.split("/i/")[1].split("<")[0]


def judge_as_ada(office: Office, token: str) -> int:
    """Judge everything by a rule, over the app itself; how many items there were."""
    with office.browser() as browser:
        return ScriptedEvaluator("Ada", 0.8, 1).judge_round(Visitor(browser.client), token)
