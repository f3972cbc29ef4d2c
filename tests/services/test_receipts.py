"""A receipt proves, without trusting the server, that an evaluator's answers stand in the export as they were given."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from app.cli.main import cli
from app.cli.verify import verify_command
from app.report.export.bundle import export_zip
from app.report.export.verify import verify_receipt
from app.rounds.design import Design
from app.services import rounds
from app.services.exports import unblinded_bundle
from app.services.own_data import own_data
from app.services.unblinding import unblind_round
from app.store.admins import add_admin
from app.store.tables import EvaluatorRow
from tests.conftest import KINDS, Clock, fresh_database
from tests.services.acting import judge_everything
from tests.services.conftest import ADMIN
from tests.services.test_rounds import KEYS, collecting


@pytest.fixture(scope="module", params=KINDS)
def exported(
    request: pytest.FixtureRequest,
    design: Design,
    paths: dict[str, Path],
    password_hash: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """An export from a database of each kind, and Ada's file as her last page gave it."""
    folder, clock = tmp_path_factory.mktemp("exported"), Clock()
    with fresh_database(request, folder) as database:
        with database.writing() as session:
            add_admin(session, ADMIN, password_hash, clock())
            draft = rounds.create_round(session, design, paths, ADMIN, clock())
        collecting(database, draft, clock)
        judge_everything(database, draft, clock)
        with database.reading() as session:
            ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
            taken = own_data(session, ada)
        with database.writing() as session:
            rounds.lock_round(session, draft, ADMIN, clock())
            unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
        with database.reading() as session:
            (folder / "export.zip").write_bytes(export_zip(unblinded_bundle(session, draft)))
        yield folder / "export.zip", taken


def test_a_receipt_agrees_with_the_export(exported: tuple[Path, dict[str, Any]]) -> None:
    path, taken = exported
    assert verify_receipt(path, taken["receipt"]).ok
    assert taken["receipt"]["judgments"] == len(taken["judgments"])


@pytest.mark.parametrize("field", ["commitment", "head", "digest", "judgments"])
def test_a_changed_receipt_is_found_and_the_change_named(exported: tuple[Path, dict[str, Any]], field: str) -> None:
    path, taken = exported
    wrong: object = 1 if field == "judgments" else "0" * 64
    found = verify_receipt(path, taken["receipt"] | {field: wrong})
    names = {"commitment": "commitment", "head": "chain head", "digest": "digest of judgments"}
    assert not found.ok
    assert names.get(field, "chain head") in " ".join(found.differences)


def test_the_command_line_holds_a_receipt_against_an_export(
    exported: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    path, taken = exported
    receipt = tmp_path / "mine.json"
    receipt.write_text(json.dumps(taken), encoding="utf-8")
    runner = CliRunner()
    assert runner.invoke(verify_command, [str(path), "--receipt", str(receipt)]).exit_code == 0
    receipt.write_text(json.dumps(taken | {"receipt": taken["receipt"] | {"head": "0" * 64}}), encoding="utf-8")
    assert runner.invoke(verify_command, [str(path), "--receipt", str(receipt)]).exit_code == 1
    receipt.write_text("{}", encoding="utf-8")
    assert "holds no receipt" in runner.invoke(cli, ["verify", str(path), "--receipt", str(receipt)]).output
