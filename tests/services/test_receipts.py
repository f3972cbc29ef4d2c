"""A receipt proves, without trusting the server, that an evaluator's answers stand in the export as they were given."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli.main import cli
from app.cli.verify import verify_command
from app.evidence.receipts import Receipt
from app.report.export.bundle import unblinded_zip
from app.report.export.verify import verify_receipt
from app.rounds.design import Design
from app.services import rounds
from app.services.exports import unblinded_bundle
from app.services.own_data import OwnData, own_data
from app.services.unblinding import unblind_round
from app.store.admins import add_admin
from app.store.tables import EvaluatorRow
from tests.conftest import KINDS, Clock, fresh_database, without_figures
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, open_draft


@pytest.fixture(scope="module", params=KINDS)
def exported(
    request: pytest.FixtureRequest,
    design: Design,
    paths: dict[str, Path],
    password_hash: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, OwnData]:
    """An export from a database of each kind, and Ada's file as her last page gave it before the lock."""
    folder, clock = tmp_path_factory.mktemp("exported"), Clock()
    export = folder / "export.zip"
    with fresh_database(request, folder) as database:
        with database.writing() as session:
            add_admin(session, ADMIN, password_hash, clock())
            draft = rounds.create_round(session, design, paths, ADMIN, clock())
        open_draft(database, draft, clock)
        judge_everything(database, draft, clock)
        with database.reading() as session:
            ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
            own_file = own_data(session, ada)
        with database.writing() as session:
            rounds.lock_round(session, draft, ADMIN, clock())
            unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
        with database.reading() as session, without_figures():
            export.write_bytes(unblinded_zip(unblinded_bundle(session, draft)))
    return export, own_file


def test_a_receipt_agrees_with_the_export(exported: tuple[Path, OwnData]) -> None:
    export, own_file = exported
    assert verify_receipt(export, Receipt.model_validate(own_file["receipt"])).ok
    assert own_file["receipt"]["judgments"] == len(own_file["judgments"])


@pytest.mark.parametrize("field", ["commitment", "head", "digest", "judgments"])
def test_a_changed_receipt_is_detected_and_the_change_named(exported: tuple[Path, OwnData], field: str) -> None:
    export, own_file = exported
    forged = own_file["receipt"] | {field: 1 if field == "judgments" else "0" * 64}
    verification = verify_receipt(export, Receipt.model_validate(forged))
    names = {"commitment": "commitment", "head": "chain head", "digest": "digest of judgments"}
    assert not verification.ok
    assert names.get(field, "chain head") in " ".join(verification.differences)


def test_the_command_line_compares_a_receipt_with_an_export(exported: tuple[Path, OwnData], tmp_path: Path) -> None:
    export, own_file = exported
    receipt = tmp_path / "mine.json"
    receipt.write_text(json.dumps(own_file), encoding="utf-8")
    runner = CliRunner()
    assert runner.invoke(verify_command, [str(export), "--receipt", str(receipt)]).exit_code == 0
    changed = own_file | {"receipt": own_file["receipt"] | {"head": "0" * 64}}
    receipt.write_text(json.dumps(changed), encoding="utf-8")
    assert runner.invoke(verify_command, [str(export), "--receipt", str(receipt)]).exit_code == 1
    receipt.write_text("{}", encoding="utf-8")
    assert "holds no receipt" in runner.invoke(cli, ["verify", str(export), "--receipt", str(receipt)]).output
