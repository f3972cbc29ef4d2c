"""An item flagged after its verdict: out of the observations, in the chain, and the export says why and verifies."""

import json
import zipfile
from pathlib import Path

from sqlalchemy import select

from app.report.export import verify_standalone
from app.report.export.bundle import unblinded_zip
from app.report.export.verify import verify_export
from app.services import evaluator_session, item_pages, judging, rounds
from app.services.exports import unblinded_bundle
from app.services.log import lock_digest
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock, without_figures
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, open_draft


def test_a_verdict_that_was_flagged_is_missing_and_the_export_verifies(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    open_draft(database_with_admin, draft, clock)
    judge_everything(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
        visit = evaluator_session.visit_for_writing(session, ada)
        item_code = item_pages.visitor_worklist(session, visit).standing_answers[-1].item_code
        flag = judging.FlagReport(item_code, "fault", "nothing is marked")
        judging.flag_item(session, visit, flag, clock())
        rounds.lock_round(session, draft, ADMIN, clock())
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database_with_admin.reading() as session, without_figures():
        export, lock = tmp_path / "export.zip", str(lock_digest(session, draft))
        export.write_bytes(unblinded_zip(unblinded_bundle(session, draft)))
        verification = verify_export(export)
    assert verification.ok, verification.differences
    assert verify_standalone.main([str(export), "--lock", lock]) == 0
    frame, observations, judgments = (
        text_in_zip(export, name) for name in ("frame.json", "observations.csv", "chains.json")
    )
    flagged = {"evaluator": "Ada", "item": item_code, "kind": "fault", "comment": "nothing is marked"}
    assert json.loads(frame)["flagged"] == [flagged]
    assert not any("Ada" in line and item_code in line for line in observations.splitlines())
    chain = [link for link in json.loads(judgments) if link["evaluator"] == "Ada"]
    assert chain[-1]["entry"]["item"] == item_code


def text_in_zip(path: Path, file_name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        entry = next(name for name in archive.namelist() if name.endswith(file_name))
        return archive.read(entry).decode()
