"""A seal that a server makes in the background: for proved keys, stopped with the server, and never in two at once."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.evidence.draws import draw_history
from app.foundation.errors import SealError
from app.foundation.settings import Settings
from app.rounds.design import Design
from app.rounds.sealing import open_seal
from app.services import cancelled_seals, running_seal, seal_runs, seals
from app.services.draw_log import logged_steps
from app.services.keyholders import listed_keys, new_key, remove_key
from app.services.log import round_events
from app.services.rounds import create_round
from app.services.running_seal import RunningSeal
from app.store.admins import add_admin
from app.store.engine import Database
from app.store.sealed import find_seal
from app.web.leak_audit import audited_seal, seal_runner
from app.web.leak_audit.audited_seal import SealRequest, StartedSeal, finish_seal, seal_in_this_process, start_seal
from app.web.leak_audit.seal_runner import SealRunner
from tests.conftest import Clock
from tests.services.stages import ADMIN, KEYS, prove_keys, prove_keys_once, state_of_round

UNAUDITED = SealRequest(audited=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, secret="s" * 40)


def start_with_proved_keys(database: Database, settings: Settings, draft: str, clock: Clock) -> StartedSeal:
    with database.writing() as session:
        prove_keys_once(session, draft, clock())
    return start_seal(database, settings, draft, UNAUDITED, ADMIN, clock())


def newest_actions(database: Database, round_id: str, count: int) -> Sequence[str]:
    with database.reading() as session:
        return [event.action for event in round_events(session, round_id)][-count:]


def test_a_round_is_sealed_to_the_keys_that_were_proved_for_it(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock
) -> None:
    with pytest.raises(SealError, match="prove two keys"):
        start_seal(database_with_admin, settings, draft, UNAUDITED, ADMIN, clock())
    assert "seal begun" not in newest_actions(database_with_admin, draft, 9), "a missing key costs no draw"
    with database_with_admin.writing() as session:
        prove_keys(session, draft, KEYS, clock())
    sealed, _ = seal_in_this_process(database_with_admin, settings, draft, UNAUDITED, ADMIN, clock)
    assert (sealed.keys, sealed.two_person) == (2, False)
    with database_with_admin.reading() as session:
        ciphertext = find_seal(session, draft).ciphertext
    assert open_seal(ciphertext, [KEYS[1].identity]) == open_seal(ciphertext, [KEYS[0].identity])


def test_keys_that_change_while_a_round_is_being_sealed_undo_the_seal(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock
) -> None:
    with database_with_admin.writing() as session:
        prove_keys(session, draft, [*KEYS, new_key()], clock())
        lost = listed_keys(session, draft)[-1].id
    started = start_with_proved_keys(database_with_admin, settings, draft, clock)
    with database_with_admin.writing() as session:
        remove_key(session, draft, lost, ADMIN, clock())
    running = running_seal_of(database_with_admin, started)
    with pytest.raises(SealError, match="keys were changed"):
        finish_seal(database_with_admin, settings, started, running, clock)
    assert state_of_round(database_with_admin, draft) == "draft"
    assert newest_actions(database_with_admin, draft, 1) == ["seal cancelled"]


def test_a_server_that_is_stopped_undoes_the_seal_that_it_is_making(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, stopped = threading.Event(), threading.Event()
    make_items = seals.prepare_seal

    def wait_for_the_stop(*arguments: Any) -> seals.PreparedSeal:
        reached.set()
        assert stopped.wait(60)
        return make_items(*arguments)

    monkeypatch.setattr(audited_seal, "prepare_seal", wait_for_the_stop)
    runner = SealRunner(settings, database_with_admin)
    runner.run(start_with_proved_keys(database_with_admin, settings, draft, clock))
    assert reached.wait(60)
    threading.Timer(0.1, stopped.set).start()
    runner.stop()
    assert state_of_round(database_with_admin, draft) == "draft"
    with database_with_admin.reading() as session:
        run = seal_runs.latest_run(session, draft, clock())
    assert run is not None
    assert (run.run_state, run.problem) == ("failed", running_seal.STOPPED)
    assert newest_actions(database_with_admin, draft, 2) == ["seal begun", "seal cancelled"]


def test_a_run_gives_signs_of_life_until_another_is_in_its_place(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_seal, "BEAT_SECONDS", 0.01)
    first = start_with_proved_keys(database_with_admin, settings, draft, clock)
    running = running_seal_of(database_with_admin, first)
    with running.beating():
        running.report("reading every page", 3, 8)
        wait_until(lambda: progress_of(database_with_admin, draft, clock).done == 3)
    clock.move(10**9)
    second = start_with_proved_keys(database_with_admin, settings, draft, clock)
    with database_with_admin.writing() as session:
        seal_runs.end_run(session, draft, first.run_code, clock())  # the former one ends late
        run = seal_runs.latest_run(session, draft, clock())
    assert run is not None
    assert (run.run_state, first.run_code == second.run_code) == ("running", False)


def test_a_run_that_died_before_the_clock_was_set_back_is_taken_for_dead(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock
) -> None:
    """Otherwise no seal could be begun until the clock is where it was."""
    start_with_proved_keys(database_with_admin, settings, draft, clock)
    clock.move(-3600)
    second = start_with_proved_keys(database_with_admin, settings, draft, clock)
    finish_seal(database_with_admin, settings, second, running_seal_of(database_with_admin, second), clock)
    assert state_of_round(database_with_admin, draft) == "sealed"


def test_a_seal_that_was_taken_for_dead_and_comes_back_stores_nothing(
    database_with_admin: Database, draft: str, settings: Settings, clock: Clock
) -> None:
    """Its draw is logged as interrupted, and another was begun in its place."""
    first = start_with_proved_keys(database_with_admin, settings, draft, clock)
    clock.move(10**9)
    second = start_with_proved_keys(database_with_admin, settings, draft, clock)
    with pytest.raises(SealError, match=r"taken for dead.*nothing of it was stored"):
        finish_seal(database_with_admin, settings, first, running_seal_of(database_with_admin, first), clock)
    assert state_of_round(database_with_admin, draft) == "draft"
    assert newest_actions(database_with_admin, draft, 3) == ["seal interrupted", "seal begun", "seal cancelled"]
    finish_seal(database_with_admin, settings, second, running_seal_of(database_with_admin, second), clock)
    with database_with_admin.reading() as session:
        history = draw_history(logged_steps(round_events(session, draft)))
        run = seal_runs.latest_run(session, draft, clock())
    assert (history.number, history.draw_count) == (2, 2)
    assert run is not None
    assert run.run_state == "sealed"


def running_seal_of(database: Database, started: StartedSeal) -> RunningSeal:
    return RunningSeal(database, started.begun.round_id, started.run_code, None, threading.Event())


def progress_of(database: Database, round_id: str, clock: Clock) -> seal_runs.SealProgress:
    with database.reading() as session:
        run = seal_runs.latest_run(session, round_id, clock())
    assert run is not None
    return run.seal_progress


def wait_until(holds: Callable[[], bool]) -> None:
    waiting = threading.Event()
    for _ in range(1000):
        if holds():
            return
        waiting.wait(0.02)
    pytest.fail("it did not come to hold within 20 seconds")


@pytest.fixture
def sqlite_draft(sqlite_database: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    with sqlite_database.writing() as session:
        add_admin(session, ADMIN, "-", clock())
        return create_round(session, design, paths, ADMIN, clock())


@contextmanager
def full_disk(database: Database) -> Iterator[None]:
    """The database takes nothing of what a seal writes, until the end of the block."""
    orders = {"events": "INSERT", "seal_runs": "UPDATE"}
    for table, order in orders.items():
        refusal = "SELECT RAISE(ABORT, 'database or disk is full')"
        change_schema(database, f"CREATE TRIGGER full_{table} BEFORE {order} ON {table} BEGIN {refusal}; END")
    try:
        yield
    finally:
        for table in orders:
            change_schema(database, f"DROP TRIGGER full_{table}")


def change_schema(database: Database, statement: str) -> None:
    with database.writing() as session:
        session.execute(text(statement))


def test_a_seal_that_a_full_disk_ended_is_known_as_ended_here_and_logged_by_the_next_seal(
    sqlite_database: Database, sqlite_draft: str, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelled_seals, "PATIENCE_SECONDS", 0.0)
    first = start_with_proved_keys(sqlite_database, settings, sqlite_draft, clock)
    with full_disk(sqlite_database):
        with pytest.raises(SealError, match=r"disk is full.*wait 20 seconds"):
            finish_seal(sqlite_database, settings, first, running_seal_of(sqlite_database, first), clock)
        with sqlite_database.reading() as session:
            run = seal_runs.latest_run(session, sqlite_draft, clock())
        assert run is not None
        assert (run.run_state, "disk is full" in run.problem) == ("failed", True)
    second = start_with_proved_keys(sqlite_database, settings, sqlite_draft, clock)
    assert newest_actions(sqlite_database, sqlite_draft, 3) == ["seal begun", "seal cancelled", "seal begun"]
    finish_seal(sqlite_database, settings, second, running_seal_of(sqlite_database, second), clock)
    assert state_of_round(sqlite_database, sqlite_draft) == "sealed"


def test_the_server_writes_down_why_a_seal_ended_once_the_database_takes_it(
    sqlite_database: Database, sqlite_draft: str, settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cancelled_seals, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(seal_runner, "RETRY_SECONDS", 0.05)
    started = start_with_proved_keys(sqlite_database, settings, sqlite_draft, clock)
    runner = SealRunner(settings, sqlite_database)
    with full_disk(sqlite_database):
        runner.run(started)
        wait_until(lambda: cancelled_seals.unwritten_end(started.run_code) is not None)
    runner.wait(60)
    assert newest_actions(sqlite_database, sqlite_draft, 2) == ["seal begun", "seal cancelled"]
    with sqlite_database.reading() as session:
        run = seal_runs.latest_run(session, sqlite_draft, clock())
    assert run is not None
    assert (run.run_state, "disk is full" in run.problem) == ("failed", True)


def test_a_sign_of_life_that_the_database_refuses_is_one_line_without_a_traceback(
    sqlite_database: Database,
    sqlite_draft: str,
    settings: Settings,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(running_seal, "BEAT_SECONDS", 0.01)
    started = start_with_proved_keys(sqlite_database, settings, sqlite_draft, clock)
    with full_disk(sqlite_database), running_seal_of(sqlite_database, started).beating():
        wait_until(lambda: bool(caplog.records))
    line = caplog.records[0]
    assert (line.getMessage(), line.exc_info) == (
        "A sign of life of the seal could not be stored (database or disk is full).",
        None,
    )


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(), MemoryError(), OSError(), RuntimeError()])
def test_every_error_that_ends_a_seal_is_a_reason_in_words(ending: BaseException) -> None:
    reason = cancelled_seals.reason_of(ending)
    assert (len(reason.split()) > 8, reason.endswith(".")) == (True, True)
