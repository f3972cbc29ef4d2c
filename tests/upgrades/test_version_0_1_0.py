"""This version takes over a server, archives and exports of version 0.1.0.

They are migrated, judged on, locked, unblinded, exported and verified, on both kinds of database.
"""

import json
import random
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.archive.archive import Archive
from app.evidence.draws import draw_history
from app.evidence.receipts import make_receipt_v1
from app.foundation.clock import now
from app.foundation.codes import token_digest
from app.foundation.errors import LifecycleError, SealError
from app.foundation.json_types import JsonValue
from app.report.analysis.analysis import Analysis, read_analysis
from app.report.export.anchors import Anchors
from app.report.export.bundle import unblinded_zip
from app.report.export.exported_round import read_export
from app.report.export.json_differences import json_differences
from app.report.export.receipt_file import judge_receipt_file, read_receipt_file
from app.report.export.verify import verify_export
from app.report.export.zip_file import read_zip
from app.robots.scripted_evaluators import SCRIPTED_EVALUATORS
from app.robots.visitor import Visitor
from app.robots.walk import Answers, walk_round
from app.rounds.design import read_design
from app.services import exports, own_data, rounds
from app.services.draw_log import logged_steps
from app.services.key_standing import key_standing
from app.services.keyholders import name_and_prove, new_key
from app.services.log import log_problem, round_events
from app.services.round_keys import RoundKeys, missing_key_warning
from app.services.unblinding import find_unblinded, open_outer_layer, opening_of_seal, prove_key_of_seal, unblind_round
from app.store.evaluators import evaluators_of_round
from app.store.rounds import all_rounds, items_of_round
from app.store.schema import schema_differences
from app.web.app import create_app
from app.web.leak_audit.audited_seal import seal_with_real_pages
from app.web.serving import served_in_thread
from tests.admin.admin_site import store_session
from tests.conftest import without_figures
from tests.upgrades.conftest import RELEASED, Installation

RELEASE = RELEASED / "0.1.0"
ADMIN = "demo"
SECOND_PERSON = "second"
STATES = {"blocks": "collecting", "sealing": "draft"}
"""{round: its state}, for rounds that are not named after their state"""


def judge_remaining_items(address: str, token: str) -> int:
    """Answer everything that is still due, from an invitation link of version 0.1.0; returns the number of verdicts."""
    lapses = random.Random(1)
    answers = Answers(lambda page: SCRIPTED_EVALUATORS[0].verdict(page, lapses), guess=lambda _page: "A")
    with Visitor.at(address) as visitor:
        return sum(page.step == "verdict" for page in walk_round(visitor, token, answers, ends=("done", "wait")))


def analysis_after_unblinding(installation: Installation, name: str) -> Analysis:
    """Lock the round if it is open, and unblind it with the keys that version 0.1.0 handed out."""
    round_id = installation.rounds[name]
    keys = [keys_of_person[0] for keys_of_person in installation.keys[name] if keys_of_person]
    with installation.database.writing() as session:
        if rounds.round_progress(session, round_id).state == "collecting":
            rounds.lock_round(session, round_id, ADMIN, now())
    reason = "The server was taken over."
    with installation.database.writing() as session:
        if opening_of_seal(session, round_id).two_persons:
            open_outer_layer(session, round_id, [keys.pop()], SECOND_PERSON, reason, now())
        return unblind_round(session, round_id, keys, ADMIN, reason, now())


def exported_analysis(installation: Installation, name: str, folder: Path, conclusion: str) -> JsonValue:
    """The numbers in an export of an unblinded round that this version writes, verifies and concludes so about."""
    export = folder / "export.zip"
    with installation.database.reading() as session:
        export.write_bytes(unblinded_zip(exports.unblinded_bundle(session, installation.rounds[name])))
    verification = verify_export(export)
    assert verification.differences == []
    assert (verification.statement.conclusion, verification.statement.exit_status) == (conclusion, 3)
    files = read_zip(export)
    has_script = "verify.py" in files
    assert has_script == (conclusion != "version 0.1")  # the script reads chains alone
    assert ("`python verify.py THIS.zip`" in files["README.md"].decode()) == has_script
    analysis: JsonValue = json.loads(files["analysis.json"])
    return analysis


def test_a_migrated_database_of_version_0_1_0_has_the_newest_schema(installation: Installation) -> None:
    assert schema_differences(installation.database.engine) == []


def test_migrated_rounds_keep_their_states(installation: Installation) -> None:
    assert installation.states == {round_id: STATES.get(name, name) for name, round_id in installation.rounds.items()}


def test_the_designs_of_migrated_rounds_keep_their_text_and_have_no_plan(installation: Installation) -> None:
    with installation.database.reading() as session:
        texts = [row.design for row in all_rounds(session)]
    assert texts
    assert [read_design(text).canonical for text in texts] == texts
    assert {read_design(text).planned_analysis for text in texts} == {None}


def test_a_seal_that_version_0_1_0_left_half_done_is_undone_and_its_draw_is_counted(
    installation: Installation,
) -> None:
    round_id = installation.rounds["sealing"]
    with installation.database.reading() as session:
        assert items_of_round(session, round_id) == []
        assert log_problem(session, round_id) == ""
        newest = round_events(session, round_id)[-1]
        history = draw_history(logged_steps(round_events(session, round_id)))
    assert (newest.action, "interrupted" in str(newest.detail["why"])) == ("seal cancelled", True)
    assert (history.draw_count, history.cancelled) == (1, 1)


def test_a_draft_and_a_round_whose_sealing_was_begun_can_be_sealed(installation: Installation) -> None:
    with installation.database.writing() as session:
        for name in ("draft", "sealing"):
            round_id = installation.rounds[name]
            with pytest.raises(SealError, match="Name and prove two keys"):
                seal_with_real_pages(session, installation.settings, round_id, ADMIN, now())
            name_and_prove(session, round_id, [new_key().identity, new_key().identity], ADMIN, now())
            seal_with_real_pages(session, installation.settings, round_id, ADMIN, now())


def test_the_keys_of_a_round_that_version_0_1_0_sealed_for_two_persons_are_said_to_need_both(
    installation: Installation,
) -> None:
    round_id, (inner_keys, outer_keys) = installation.rounds["sealed"], installation.keys["sealed"]
    with installation.database.reading() as session:
        standing = key_standing(session, round_id)
    assert "two people open the seal, one after the other" in standing.sentence
    assert "Nobody has proved to have a key" in standing.missing
    with TestClient(create_app(installation.settings, installation.database)) as client:
        client.cookies.set("fg_admin", store_session(installation.database, ADMIN))
        page = client.get(f"/admin/rounds/{round_id}/keys").text
    assert ("Two people open this seal" in page, "Any one of the keys" in page) == (True, False)
    with installation.database.reading() as session:  # nothing of it is stored
        prove_key_of_seal(session, round_id, outer_keys[0], ADMIN, now())
        rounds.open_round(session, round_id, ADMIN, now())
        rounds.lock_round(session, round_id, ADMIN, now())
        with pytest.raises(SealError, match="no key of its outer part"):
            open_outer_layer(session, round_id, [inner_keys[0]], SECOND_PERSON, "all have finished", now())
        open_outer_layer(session, round_id, [outer_keys[0]], SECOND_PERSON, "all have finished", now())
        with pytest.raises(SealError, match="a key of the outer part, which is open already"):
            unblind_round(session, round_id, [outer_keys[0]], ADMIN, "all have finished", now())


def test_a_round_sealed_for_two_persons_is_opened_judged_and_unblinded_by_both(installation: Installation) -> None:
    round_id = installation.rounds["sealed"]
    with installation.database.writing() as session, pytest.raises(LifecycleError, match="Nobody has proved"):
        rounds.open_round(session, round_id, ADMIN, now())
    inner_keys, outer_keys = installation.keys["sealed"]
    with installation.database.writing() as session:
        with pytest.raises(SealError, match=r"no key of its outer part.*whether it is one of the inner part"):
            prove_key_of_seal(session, round_id, inner_keys[0], ADMIN, now())
        prove_key_of_seal(session, round_id, outer_keys[0], ADMIN, now())
        rounds.open_round(session, round_id, ADMIN, now())
        token = rounds.invite_evaluator(session, round_id, "Fay", False, ADMIN, now()).token
    with served_in_thread(installation.settings, installation.database) as address:
        verdicts = judge_remaining_items(address, token)
    assert analysis_after_unblinding(installation, "sealed").judgments == verdicts > 6


def test_a_round_that_was_being_judged_can_be_finished(installation: Installation, tmp_path: Path) -> None:
    tokens = installation.tokens["collecting"]
    with served_in_thread(installation.settings, installation.database) as address:
        verdicts = {name: judge_remaining_items(address, tokens[name]) for name in ("Ada", "Bo", "Cleo", "Eve")}
    assert verdicts["Cleo"] > verdicts["Bo"] > verdicts["Ada"] == verdicts["Eve"] == 0
    with installation.database.reading() as session:
        progress = rounds.round_progress(session, installation.rounds["collecting"])
    unjudged = {evaluator.name: evaluator.assigned - evaluator.judged for evaluator in progress.evaluators}
    assert (unjudged["Ada"], unjudged["Cleo"], unjudged["Eve"]) == (0, 0, 0)
    analysis = analysis_after_unblinding(installation, "collecting")
    shown = sum(arm.shown for arm in analysis.flow)
    assert analysis.judgments in (4 * shown, 4 * shown - 1)  # Bo flagged an item, which may be a control
    assert analysis.blinding.sorting is not None
    with without_figures():
        exported = exported_analysis(installation, "collecting", tmp_path, "not anchored")
        evidence = read_export(tmp_path / "export.zip").evidence
        in_part = verify_export(tmp_path / "export.zip", Anchors(lock=evidence.lock_digest)).statement
        anchors = Anchors(lock=evidence.lock_digest, result=evidence.result_digest)
        assert verify_export(tmp_path / "export.zip", anchors).statement.exit_status == 0  # though it has no key
    assert (in_part.exit_status, "give --result" in in_part.sentences[-1]) == (3, True)
    assert list(json_differences(analysis.content(), exported)) == []


@pytest.mark.parametrize("name", ["locked", "blocks"])
def test_a_partly_judged_round_can_be_unblinded(installation: Installation, name: str) -> None:
    analysis = analysis_after_unblinding(installation, name)
    assert analysis.difference.estimate is not None


@pytest.mark.parametrize("figures", [without_figures, pytest.param(nullcontext, marks=pytest.mark.slow)])
def test_an_unblinded_round_keeps_its_numbers_and_exports_them(
    installation: Installation, tmp_path: Path, figures: Callable[[], AbstractContextManager[None]]
) -> None:
    with installation.database.reading() as session:
        _, stored = find_unblinded(session, installation.rounds["unblinded"])
        frozen = read_analysis(json.loads(stored.analysis))
        shown = exports.round_analysis(session, installation.rounds["unblinded"])
    with figures():
        exported = exported_analysis(installation, "unblinded", tmp_path, "version 0.1")
    differences = list(json_differences(frozen.content(), exported))
    assert [difference.path for difference in differences] == ["headline", "notes"]  # in the words of this version
    assert frozen.headline.count("were marked INTERPRETABLE") == 1
    assert list(json_differences(shown.content(), exported)) == []


@pytest.mark.parametrize("name", ["unblinded", "locked-blinded", "collecting-blinded"])
def test_the_exports_of_version_0_1_0_verify(name: str) -> None:
    assert verify_export(RELEASE / "exports" / f"{name}.zip").differences == []


@pytest.mark.parametrize("evaluator", ["Ada", "Bo", "Cleo"])
def test_the_receipts_of_version_0_1_0_agree_with_the_export(evaluator: str) -> None:
    """They are not signed: whether they are genuine cannot be told."""
    receipt_file = read_receipt_file(RELEASE / "receipts" / f"unblinded-{evaluator}.json")
    finding = judge_receipt_file(receipt_file, read_export(RELEASE / "exports" / "unblinded.zip"))
    assert (finding.case, finding.agrees, finding.is_genuine) == ("unsigned", True, False)
    assert receipt_file.own_answers is not None
    assert finding.entries == len(receipt_file.own_answers.links) > 0
    assert receipt_file.own_answers.foreign_count == 0


@pytest.mark.parametrize("evaluator", ["Ada", "Bo", "Cleo"])
def test_a_receipt_of_version_0_1_0_finds_another_round(evaluator: str) -> None:
    receipt_file = read_receipt_file(RELEASE / "receipts" / f"locked-{evaluator}.json")
    finding = judge_receipt_file(receipt_file, read_export(RELEASE / "exports" / "unblinded.zip"))
    assert (finding.case, finding.agrees) == ("other round", False)


@pytest.mark.parametrize("evaluator", ["Ada", "Bo", "Cleo"])
def test_the_answers_beside_a_receipt_of_version_0_1_0_are_compared(evaluator: str, tmp_path: Path) -> None:
    own_file = json.loads((RELEASE / "receipts" / f"unblinded-{evaluator}.json").read_text("utf-8"))
    own_file["judgments"][3]["comment"] = "I never wrote this."
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(own_file), "utf-8")
    finding = judge_receipt_file(read_receipt_file(path), read_export(RELEASE / "exports" / "unblinded.zip"))
    assert (finding.case, finding.agrees, finding.counts) == ("file changed", False, True)
    assert "The file has the comment “I never wrote this.” on item" in finding.sentence


def test_an_evaluator_whom_the_lock_of_version_0_1_0_does_not_name_may_have_taken_part(tmp_path: Path) -> None:
    """That lock names only those who judged."""
    export = read_export(RELEASE / "exports" / "locked-blinded.zip")
    receipt = make_receipt_v1("Zed", export.evidence.published.commitment, []).model_dump()
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"receipt": receipt}), "utf-8")
    finding = judge_receipt_file(read_receipt_file(path), export)
    assert (finding.case, "has no evaluator" in finding.sentence) == ("unsigned", False)


def test_a_round_that_version_0_1_0_sealed_has_receipts_of_version_1(installation: Installation) -> None:
    with installation.database.writing() as session:
        session_token = "a-session-of-ada"
        ada = next(row for row in evaluators_of_round(session, installation.rounds["locked"]) if row.name == "Ada")
        ada.session_sha256 = token_digest(session_token)
        round_keys = RoundKeys.in_data_folder(installation.settings.data)
        own_file = own_data.own_data(session, session_token, round_keys, now())
        assert missing_key_warning(session, installation.rounds["locked"], round_keys) is None
    released = json.loads((RELEASE / "receipts" / "locked-Ada.json").read_text("utf-8"))
    assert own_file["receipt"].keys() == released["receipt"].keys()
    assert installation.kind == "postgres" or own_file["receipt"] == released["receipt"]
    assert "not signed, because version 0.1 sealed the round" in own_file["receipt_note"]


@pytest.mark.parametrize("name", ["gelu-0", "gelu-1", "solu_ln-0", "solu_ln-1"])
def test_the_archives_of_version_0_1_0_are_complete(name: str) -> None:
    assert len(Archive.open(RELEASE / "archives" / name).neurons()) == 64
