"""A receipt proves, without trusting the server, that an evaluator's answers stand in the export as they were given."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.cli.main import cli
from app.cli.verify import verify_command
from app.evidence.chains import chain_digest
from app.foundation.json_types import JsonObject
from app.report.export.bundle import unblinded_zip
from app.report.export.exported_round import ExportedRound, read_export
from app.report.export.receipt_file import judge_receipt_file, read_receipt_file
from app.rounds.design import Design
from app.services import rounds
from app.services.exports import unblinded_bundle
from app.services.own_data import OwnData, own_data
from app.services.round_keys import RoundKeys
from app.services.unblinding import unblind_round
from app.store.admins import add_admin
from app.store.tables import ChainEntryRow, EvaluatorRow, EventRow
from tests.conftest import KINDS, Clock, fresh_database, without_figures
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, RECEIPT_KEY, open_draft


@dataclass(frozen=True)
class Exported:
    """An export, and Ada's file as her last page gave it before the lock and after it, and without the key."""

    path: Path
    before_lock: OwnData
    after_lock: OwnData
    without_key: OwnData
    tampered: Sequence[OwnData]
    """Ada's file as the server gave it after somebody had changed one of her rows in the database."""
    other_lock: OwnData
    """Ada's file as the server gave it after somebody had changed the digest of the lock in the database."""

    @property
    def export(self) -> ExportedRound:
        return read_export(self.path)


@pytest.fixture(scope="module", params=KINDS)
def exported(
    request: pytest.FixtureRequest,
    design: Design,
    paths: dict[str, Path],
    password_hash: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Exported:
    """A round in a database of each kind, judged, locked and unblinded."""
    folder, clock = tmp_path_factory.mktemp("exported"), Clock()
    path, round_keys = folder / "export.zip", RoundKeys(folder)
    with fresh_database(request, folder) as database:
        with database.writing() as session:
            add_admin(session, ADMIN, password_hash, clock())
            draft = rounds.create_round(session, design, paths, ADMIN, clock())
        round_keys.path_of(draft).write_text(RECEIPT_KEY.private_text, "utf-8")
        open_draft(database, draft, clock)
        judge_everything(database, draft, clock)
        with database.reading() as session:
            before_lock = file_of_ada(session, round_keys, clock)
            without_key = file_of_ada(session, RoundKeys(folder / "empty"), clock)
        with database.writing() as session:
            rounds.lock_round(session, draft, ADMIN, clock())
            after_lock = file_of_ada(session, round_keys, clock)
            tampered = [*files_from_tampered_rows(session, round_keys, clock)]
            other_lock = file_after_another_lock(session, round_keys, clock)
            unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock(), RECEIPT_KEY)
        with database.reading() as session, without_figures():
            path.write_bytes(unblinded_zip(unblinded_bundle(session, draft), RECEIPT_KEY))
    return Exported(path, before_lock, after_lock, without_key, tampered, other_lock)


def file_of_ada(session: Session, round_keys: RoundKeys, clock: Clock) -> OwnData:
    ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
    return own_data(session, ada, round_keys, clock())


def files_from_tampered_rows(session: Session, round_keys: RoundKeys, clock: Clock) -> Iterator[OwnData]:
    """Ada's file for each change of one of her rows, which is taken back afterwards."""
    ada = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
    row = session.get_one(ChainEntryRow, (ada, 2))
    content, chain = row.content, row.chain
    entry = json.loads(content)
    assert entry["verdict"] in ("interpretable", "not_interpretable")
    for tampered_content, tampered_chain in (
        (json.dumps(entry | {"verdict": "cannot_judge"}), chain),
        (json.dumps(entry | {"comment": "I never wrote this"}), chain),
        (json.dumps(entry | {"number": 7}), chain),
        (content, "00" * 32),
        (json.dumps(entry | {"verdict": "cannot_judge"}), chain_digest(chain, entry)),
    ):
        row.content, row.chain = tampered_content, tampered_chain
        yield file_of_ada(session, round_keys, clock)
    row.content, row.chain = content, chain
    session.flush()


def file_after_another_lock(session: Session, round_keys: RoundKeys, clock: Clock) -> OwnData:
    """Ada's file while the log's entry of the lock has another digest, which is taken back afterwards."""
    locked = session.scalars(select(EventRow).where(EventRow.action == "locked")).one()
    digest, locked.chain = locked.chain, "a" * 64
    own_file = file_of_ada(session, round_keys, clock)
    locked.chain = digest
    session.flush()
    return own_file


def write_file(own_file: OwnData | JsonObject, folder: Path) -> Path:
    path = folder / "mine.json"
    path.write_text(json.dumps(own_file), encoding="utf-8")
    return path


def test_a_receipt_agrees_with_the_export(exported: Exported, tmp_path: Path) -> None:
    receipt_file = read_receipt_file(write_file(exported.before_lock, tmp_path))
    finding = judge_receipt_file(receipt_file, exported.export)
    assert (finding.case, finding.anchors_entries, finding.anchors_lock) == ("genuine", True, False)
    assert receipt_file.own_answers is not None
    assert finding.entries == len(exported.before_lock["judgments"]) == len(receipt_file.own_answers.links) > 0
    assert "is signed with the key" in exported.before_lock["receipt_note"]


def test_rows_that_were_changed_before_the_download_break_the_chain_in_the_file(
    exported: Exported, tmp_path: Path
) -> None:
    """The server signs nothing of it, and the file does not pass: its own entries do not lead to the receipt's head."""
    assert len(exported.tampered) == 5
    for own_file in exported.tampered:
        assert "is not signed" in own_file["receipt_note"]
        finding = judge_receipt_file(read_receipt_file(write_file(own_file, tmp_path)), exported.export)
        assert (finding.case, finding.is_genuine, finding.agrees) == ("file changed", False, False)
        assert "unless the server's records were changed before" in finding.sentence
    sentence = judge_receipt_file(
        read_receipt_file(write_file(exported.tampered[0], tmp_path)), exported.export
    ).sentence
    assert "entry 2 does not have the digest that follows from it" in sentence
    assert "The file says CANNOT JUDGE on item" in sentence


def test_a_lock_that_was_changed_in_the_database_is_not_signed(exported: Exported) -> None:
    """A signed receipt with it would accuse an honest round."""
    assert exported.other_lock["receipt"]["lock"] == "a" * 64
    assert exported.other_lock["receipt"]["signature"] is None
    assert "because somebody changed its records" in exported.other_lock["receipt_note"]


def test_a_receipt_from_after_the_lock_has_the_lock_s_digest(exported: Exported, tmp_path: Path) -> None:
    locks = [link["chain"] for link in exported.export.evidence.log if link["event"]["action"] == "locked"]
    assert exported.before_lock["receipt"]["lock"] is None
    assert [exported.after_lock["receipt"]["lock"]] == locks
    finding = judge_receipt_file(read_receipt_file(write_file(exported.after_lock, tmp_path)), exported.export)
    assert (finding.case, finding.anchors_lock) == ("genuine", True)


def test_the_commitment_names_the_key_that_signed(exported: Exported) -> None:
    commitment = exported.export.evidence.published
    assert (commitment.version, commitment.receipt_key) == (2, RECEIPT_KEY.public_key)
    assert exported.before_lock["receipt"]["key"] == RECEIPT_KEY.public_key
    assert exported.before_lock["receipt"]["commitment"] == commitment.commitment


def test_a_receipt_is_handed_out_unsigned_if_the_key_is_lost_and_says_so(exported: Exported, tmp_path: Path) -> None:
    own_file = exported.without_key
    assert own_file["receipt"]["signature"] is None
    assert own_file["receipt_note"].startswith("This receipt is not signed, because the server lost the key")
    finding = judge_receipt_file(read_receipt_file(write_file(own_file, tmp_path)), exported.export)
    assert (finding.case, finding.agrees, finding.anchors_entries) == ("unsigned", True, False)


@pytest.mark.parametrize(
    "field", ["commitment", "head", "digest", "entries", "evaluator", "lock", "at", "key", "round"]
)
def test_a_changed_receipt_is_detected_and_the_change_named(exported: Exported, tmp_path: Path, field: str) -> None:
    forged = exported.after_lock["receipt"] | {field: 1 if field == "entries" else "0" * 64}
    finding = judge_receipt_file(read_receipt_file(write_file({"receipt": forged}, tmp_path)), exported.export)
    assert (finding.case, finding.agrees) == ("forged", False)


def test_the_command_line_compares_a_receipt_with_an_export(exported: Exported, tmp_path: Path) -> None:
    receipt = write_file(exported.after_lock, tmp_path)
    runner, command = CliRunner(), [str(exported.path), "--receipt", str(receipt)]
    with without_figures():
        assert runner.invoke(verify_command, command).exit_code == 0
        write_file(exported.before_lock, tmp_path)
        assert runner.invoke(verify_command, command).exit_code == 3
        write_file({"receipt": exported.after_lock["receipt"] | {"head": "0" * 64}}, tmp_path)
        assert runner.invoke(verify_command, command).exit_code == 1
        receipt.write_text("{}", encoding="utf-8")
        assert "holds no receipt" in runner.invoke(cli, ["verify", *command]).output
