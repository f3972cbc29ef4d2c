"""Simulated evaluators: their faults are found again, over real HTTP, on a copy of the round."""

from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from app.cli.simulate import Character, SimulatedSession, simulate_evaluators, summarise_sessions
from app.foundation.clock import now
from app.foundation.settings import Settings
from app.rounds.cell import Cell
from app.rounds.presets import design_from_preset
from app.services import rounds
from app.services.admins import add_admin
from app.services.keyholders import name_and_prove, new_key
from app.services.round_copy import new_probes, open_round_copy
from app.store.engine import Database
from app.store.round_copy import read_round
from app.store.tables import ChainEntryRow, EvaluatorRow
from app.web.leak_audit.audited_seal import seal_with_real_pages
from tests.rounds.small_archives import make_archive


@pytest.fixture
def sealed(sqlite_database: Database, tmp_path: Path) -> str:
    archives = [make_archive(tmp_path / name, seed=seed, width=8, dead=0) for name, seed in (("fig", 5), ("plum", 6))]
    cells = [
        Cell(arm=arm, archive_sha256=archive.sha256)
        for arm, archive in zip(("quokka", "axolotl"), archives, strict=True)
    ]
    design = design_from_preset(
        "quick", title="A first look", arms=cells, reference="axolotl", neurons=4, hypothesis=False
    )
    with sqlite_database.writing() as session:
        add_admin(session, "Dag", "a long enough password", now())
        paths = {archive.sha256: archive.path for archive in archives}
        round_id = rounds.create_round(session, design, paths, "Dag", now())
        name_and_prove(session, round_id, [new_key().identity, new_key().identity], "Dag", now())
        seal_with_real_pages(session, Settings(data=tmp_path), round_id, "Dag", now())
    return round_id


def test_simulated_evaluators_judge_a_copy_and_leave_the_round_alone(
    sqlite_database: Database, sealed: str, tmp_path: Path
) -> None:
    probes = new_probes(4)
    settings = Settings(data=tmp_path, secret="s" * 40)
    perfect = Character(sensitivity=1, specificity=1, strictness=0.1, seconds=0)
    with sqlite_database.reading() as session, open_round_copy(read_round(session, sealed), probes, now()) as copy:
        sessions = simulate_evaluators(settings, copy, [probe.token for probe in probes], perfect, seed=1)
        with copy.reading() as copy_session:
            assert len(copy_session.scalars(select(ChainEntryRow)).all()) == 4 * 8
    results = summarise_sessions(sessions, 1.0)
    assert results["judgments"] == 4 * 8
    assert results["sensitivity found"] in (1, None)
    with sqlite_database.reading() as session:
        assert session.scalars(select(ChainEntryRow)).all() == []
        assert session.scalars(select(EvaluatorRow)).all() == []


def test_the_summary_recovers_sensitivity_and_specificity() -> None:
    source = Random(1)
    pairs = [(truth, source.random() < (0.9 if truth else 0.2)) for truth in (True, False) for _ in range(4000)]
    results = summarise_sessions([SimulatedSession(pairs, [0.1, 0.3])], 2.0)
    assert results["sensitivity found"] == pytest.approx(0.9, abs=0.02)
    assert results["specificity found"] == pytest.approx(0.8, abs=0.02)
    assert (results["judgments"], results["pages"], results["median wait"]) == (8000, 2, 0.2)
