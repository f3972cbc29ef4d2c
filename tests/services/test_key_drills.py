"""The drills of docs/keys.md: a key, a keyholder, a server or the file of the round's key is lost, and what then."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from app.evidence.signing import is_signed
from app.foundation.errors import SealError
from app.rounds.design import Design
from app.services import rounds, seals
from app.services.exports import blinded_bundle
from app.services.keyholders import listed_keys, lone_key_warning, new_key
from app.services.log import log_problem
from app.services.own_data import own_data
from app.services.round_keys import RoundKeys, missing_key_warning, round_signing_key
from app.services.unblinding import (
    correct_analysis,
    open_outer_layer,
    opening_of_seal,
    unblind_round,
    unblinded_evidence,
)
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.tables import EvaluatorRow, RoundRow
from tests.conftest import Clock
from tests.services.conftest import StagedRound
from tests.services.judges import judge_everything
from tests.services.stages import (
    ADMIN,
    KEYS,
    RECEIPT_KEY,
    SEAL_OPTIONS,
    open_draft,
    prove_keys,
    render_plainly,
    state_of_round,
)

REASON = "everyone has finished"
NO_KEY_LEFT = "If no such key is left, nobody can open the seal: what remains are the answers"


def test_one_key_is_lost_and_the_other_opens_and_without_both_the_answers_remain(locked_round: StagedRound) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    with pytest.raises(SealError, match=NO_KEY_LEFT), database.writing() as session:
        unblind_round(session, round_id, [new_key().identity], ADMIN, REASON, clock())
    with database.writing() as session:
        evidence = blinded_bundle(session, round_id).evidence
        copy_id = rounds.copy_round_as_draft(session, round_id, ADMIN, clock())
        assert session.get_one(RoundRow, copy_id).state == "draft"
    assert all(len(links) >= len(evidence.item_contents) for links in evidence.chains.values())
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[1].identity], ADMIN, REASON, clock())
    assert state_of_round(database, round_id) == "unblinded"


def test_a_keyholder_of_two_is_gone_and_only_a_second_key_of_the_same_part_opens_it(
    sqlite_database: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    """Dag has the only key of the inner part; Eva and Fay have one each of the outer part."""
    keys = {name: new_key() for name in (ADMIN, "Eva", "Fay")}
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "-", clock())
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
        prove_keys(session, round_id, [keys[ADMIN]], clock(), layer=1, by=ADMIN)
        prove_keys(session, round_id, [keys["Eva"]], clock(), layer=2, by="Eva")
        assert "beside that of Dag and that of Eva" in lone_key_warning(listed_keys(session, round_id))
        prove_keys(session, round_id, [keys["Fay"]], clock(), layer=2, by="Fay")
        assert "beside that of Dag:" in lone_key_warning(listed_keys(session, round_id))
        seals.seal_round(session, round_id, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
        rounds.open_round(session, round_id, ADMIN, clock())
        rounds.lock_round(session, round_id, ADMIN, clock())
        open_outer_layer(session, round_id, [keys["Fay"].identity], "fay", REASON, clock())  # Eva is gone
        for name, identity, refusal in (
            ("Eva", keys["Eva"].identity, "not this key's turn. It is the turn of Dag"),
            ("Eva", new_key().identity, NO_KEY_LEFT),
            ("Fay", keys["Fay"].identity, "given your key already"),
            ("FAY", keys["Fay"].identity, "given your key already"),
        ):
            with pytest.raises(SealError, match=refusal):  # Dag is gone
                unblind_round(session, round_id, [identity], name, REASON, clock())
        assert opening_of_seal(session, round_id).turn == "It is the turn of Dag."
        rounds.abandon_round(session, round_id, "Eva", "Dag's key is lost", clock())
        assert blinded_bundle(session, round_id).evidence.item_contents


def test_the_shell_sends_each_of_two_people_to_the_page_whosever_turn_it_is(
    sqlite_database: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "-", clock())
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
        prove_keys(session, round_id, [KEYS[0]], clock(), layer=1, by=ADMIN)
        prove_keys(session, round_id, [KEYS[1]], clock(), layer=2, by="Eva")
        seals.seal_round(session, round_id, render_plainly, ADMIN, clock(), SEAL_OPTIONS)
        rounds.open_round(session, round_id, ADMIN, clock())
        rounds.lock_round(session, round_id, ADMIN, clock())
    with closing(Database(sqlite_database.url, {"via": "shell"})) as shell:
        require_shell_sends_to_page(shell, round_id, [KEYS[1].identity], "Eva", clock)
        with sqlite_database.writing() as session:
            open_outer_layer(session, round_id, [KEYS[1].identity], "Eva", REASON, clock())
        require_shell_sends_to_page(shell, round_id, [KEYS[0].identity, KEYS[1].identity], ADMIN, clock)


def require_shell_sends_to_page(
    shell: Database, round_id: str, identities: Sequence[str], person: str, clock: Clock
) -> None:
    """The refusal says whose turn it is, and where that person gives the key."""
    refusal = rf"Each of the two signs in at /admin and gives their own key.*It is the turn of {person}\."
    for give_key in (open_outer_layer, unblind_round):
        with pytest.raises(SealError, match=refusal), shell.writing() as session:
            give_key(session, round_id, identities, person, REASON, clock())


def test_a_server_dies_in_mid_round_and_another_goes_on_from_what_is_on_the_disk(
    sqlite_database: Database, design: Design, paths: dict[str, Path], clock: Clock, tmp_path: Path
) -> None:
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "-", clock())
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
    data = tmp_path / "data"
    store_round_key(data, round_id)
    open_draft(sqlite_database, round_id, clock)
    judge_everything(sqlite_database, round_id, clock, most=2)
    with sqlite_database.writing() as session:  # the last change is never committed
        session.get_one(RoundRow, round_id).title = "cut off"
        session.flush()
        with closing(Database(database_left_behind(sqlite_database, tmp_path / "after"))) as restarted:
            go_on(restarted, round_id, clock, RoundKeys.in_data_folder(data))


def store_round_key(data: Path, round_id: str) -> None:
    path = RoundKeys.in_data_folder(data).path_of(round_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RECEIPT_KEY.private_text, "utf-8")


def database_left_behind(database: Database, folder: Path) -> str:
    """The URL of what a killed process leaves of its database: the file and the log beside it, as they are now."""
    folder.mkdir()
    path = Path(str(make_url(database.url).database))
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith("-shm"):
            shutil.copyfile(file, folder / file.name)
    return f"sqlite:///{folder / path.name}"


def go_on(database: Database, round_id: str, clock: Clock, round_keys: RoundKeys) -> None:
    """Judge the rest with the sessions from before, read a signed receipt, lock and unblind."""
    with database.reading() as session:
        evaluator_id = session.scalars(select(EvaluatorRow.id).where(EvaluatorRow.name == "Ada")).one()
        judgment_count = len(own_data(session, evaluator_id, round_keys, clock())["judgments"])
    judge_everything(database, round_id, clock)
    with database.writing() as session:
        own = own_data(session, evaluator_id, round_keys, clock())
        assert len(own["judgments"]) > judgment_count > 0
        assert is_signed(own["receipt"], RECEIPT_KEY.public_key)
        assert log_problem(session, round_id) == ""
        rounds.lock_round(session, round_id, ADMIN, clock())
        signing_key = round_signing_key(session, round_id, round_keys)
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, clock(), signing_key)
        assert unblinded_evidence(session, round_id).is_result_signed


def test_a_lost_file_of_the_round_s_key_stops_nothing_and_once_restored_a_correction_is_signed(
    locked_round: StagedRound, tmp_path: Path
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    round_keys = RoundKeys.in_data_folder(tmp_path)
    with database.writing() as session:
        assert "Restore it before you unblind" in str(missing_key_warning(session, round_id, round_keys))
        signing_key = round_signing_key(session, round_id, round_keys)
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, REASON, clock(), signing_key)
        assert unblinded_evidence(session, round_id).lacks_signature
        assert "correct the analysis once it is restored" in str(missing_key_warning(session, round_id, round_keys))
    store_round_key(tmp_path, round_id)
    with database.writing() as session:
        signing_key = round_signing_key(session, round_id, round_keys)
        correct_analysis(session, round_id, ADMIN, "the key was restored", clock(), signing_key)
        assert not unblinded_evidence(session, round_id).lacks_signature
        assert missing_key_warning(session, round_id, round_keys) is None
