"""A process that is killed while it seals leaves a trace of its draw, and the next seal counts it."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import update

from app.archive.archive import Archive
from app.evidence.draws import draw_history
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.services.draw_log import logged_steps
from app.services.log import round_events
from app.services.seal_runs import SILENCE
from app.store.engine import Database
from app.store.tables import SealRunRow
from tests.cli.conftest import Run

KILLED_BEFORE_THE_END = """
import os, sys
from app.cli.main import cli
from app.web.leak_audit import audited_seal
audited_seal.store_seal = lambda *_arguments: os._exit(9)
cli(sys.argv[1:])
"""
STOPPED_BEFORE_THE_END = """
import os, signal, sys
from app.cli.main import cli
from app.web.leak_audit import audited_seal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests in the background ignores it
audited_seal.store_seal = lambda *_arguments: os.kill(os.getpid(), signal.SIGINT)
cli(sys.argv[1:])
"""


def test_whoever_stops_a_seal_at_the_terminal_is_told_what_remains(run: Run, draft: str, tmp_path: Path) -> None:
    words = ["--data", tmp_path / "data", "round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys"]
    stopped = subprocess.run(
        [sys.executable, "-c", STOPPED_BEFORE_THE_END, *map(str, words)], check=False, capture_output=True, text=True
    )
    told = " ".join(stopped.stderr.split())
    assert (stopped.returncode, "Traceback" in told) == (1, False), stopped.stderr
    assert f"The keys in {tmp_path / 'keys'} stay there, proved for the round" in told
    again = run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys")
    assert "Seal it again without --keys-to." in " ".join(again.output.split())
    url = Settings(data=tmp_path / "data").resolved_database_url
    with closing(Database(url)) as database, database.reading() as session:
        event = round_events(session, draft)[-1]
    assert event.action == "seal cancelled"
    assert str(event.detail["why"]).startswith("It was stopped at the terminal")
    assert run("round", "seal", draft, "--no-audit").exit_code == 0


def test_a_draw_whose_process_was_killed_is_in_the_log_and_counted(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    assert dag
    arms = [part for name, archive in zip("pq", archives, strict=True) for part in ("--arm", f"{name}={archive.path}")]
    draft = run("round", "create", "--title", "Reading", "--preset", "quick", "--neurons", 3, *arms).output.strip()
    words = [
        "--data",
        str(tmp_path / "data"),
        "round",
        "seal",
        draft,
        "--no-audit",
        "--keys-to",
        str(tmp_path / "first"),
    ]
    killed = subprocess.run([sys.executable, "-c", KILLED_BEFORE_THE_END, *words], check=False, capture_output=True)
    assert killed.returncode == 9, killed.stderr
    assert run("round", "status", draft, "--json").output.count('"draft"') == 1
    too_early = run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys")
    assert "that seal is under way" in " ".join(too_early.output.split())
    url = Settings(data=tmp_path / "data").resolved_database_url
    with closing(Database(url)) as database:
        with database.writing() as session:
            session.execute(update(SealRunRow).values(beat_at=now() - 2 * SILENCE))
        assert run("round", "seal", draft, "--no-audit", "--keys-to", tmp_path / "keys").exit_code == 0
        with database.reading() as session:
            steps = logged_steps(round_events(session, draft))
            history = draw_history(steps)
    assert [step.action for step in steps if not step.action.startswith("key ")] == [
        "created",
        "seal begun",
        "refused",
        "seal interrupted",
        "seal begun",
        "sealed",
    ]
    assert (history.number, history.draw_count, history.cancelled, history.restarted) == (2, 2, 0, 1)
