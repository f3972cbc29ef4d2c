"""An item flagged after its verdict: out of the observations, in the chain, and the export says why and verifies."""

import json
import zipfile
from pathlib import Path

from sqlalchemy import select

from app.report.export.bundle import export_zip
from app.report.export.verify import verify_export
from app.services import evaluator_session, item_pages, judging, rounds
from app.services.exports import unblinded_bundle
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.tables import EvaluatorRow, FlagRow
from tests.conftest import Clock
from tests.services.acting import judge_everything
from tests.services.conftest import ADMIN
from tests.services.test_rounds import KEYS, collecting


def test_a_verdict_that_was_flagged_is_missing_and_the_export_verifies(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    collecting(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
        here = evaluator_session.visit_for_writing(session, ada)
        item = item_pages.visitor_worklist(session, here).standing_answers[-1].item_code
        judging.flag_item(session, here, FlagRow(item=item, kind="fault", comment="nothing is marked"), clock())
        rounds.lock_round(session, draft, ADMIN, clock())
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database_with_admin.reading() as session:
        path = tmp_path / "export.zip"
        path.write_bytes(export_zip(unblinded_bundle(session, draft)))
    found = verify_export(path)
    assert found.ok, found.differences
    with zipfile.ZipFile(path) as archive:
        names = ("frame.json", "observations.csv", "judgments.json")
        inside = {name: next(one for one in archive.namelist() if one.endswith(name)) for name in names}
        read = {name: archive.read(inside[name]).decode() for name in names}
    flagged = {"evaluator": "Ada", "item": item, "kind": "fault", "comment": "nothing is marked"}
    assert json.loads(read["frame.json"])["flagged"] == [flagged]
    assert not any("Ada" in line and item in line for line in read["observations.csv"].splitlines())
    kept = [one for one in json.loads(read["judgments.json"]) if one["evaluator"] == "Ada"]
    assert kept[-1]["judgment"]["item"] == item
