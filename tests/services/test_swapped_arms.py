"""The names of the arms are labels and nothing else: swapped, they change no byte of a page and mirror every result."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.archive.archive import Archive
from app.report.analysis.analysis import Analysis
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.preparation import prepare_round
from app.rounds.presets import design_from_preset
from app.services import rounds, seals
from app.services.leak_audit import swap_arms
from app.services.unblinding import unblind_round
from app.statistics.intervals import Interval
from app.store.engine import Database
from app.store.tables import EvaluatorRow, ItemRow, RoundRow
from app.web.evaluator.passages import render_passages
from tests.conftest import Clock
from tests.rounds.small_archives import make_archive
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, SEAL_OPTIONS, prove_keys_once
from tests.tasks.tasks import NAMES, TASKS, TaskUnderTest

SEED = "5e" * 32
SAME_SEED = replace(SEAL_OPTIONS, entropy=lambda size: b"\x07" * size)
"""The same secret seed and key for both rounds; outside a test they come from the system."""


def open_round(database: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    with database.writing() as session:
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
        prove_keys_once(session, round_id, clock())
        seals.seal_round(session, round_id, render_passages, ADMIN, clock(), SAME_SEED)
        for name in ("Ada", "Bo"):
            rounds.invite_evaluator(session, round_id, name, False, ADMIN, clock())
        for evaluator in session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == round_id)):
            evaluator.order_seed = f"{evaluator.name:0>64}"
        rounds.open_round(session, round_id, ADMIN, clock())
    return round_id


def what_pages_are_made_from(database: Database, round_id: str) -> list[Any]:
    with database.reading() as session:
        round_row = session.get_one(RoundRow, round_id)
        items = session.scalars(select(ItemRow).where(ItemRow.round_id == round_id).order_by(ItemRow.code)).all()
        return [
            (round_row.title, round_row.public_design, round_row.response_bytes, round_row.response_gzip_bytes),
            [(item.code, item.html, item.content, item.training) for item in items],
        ]


def analysis_of_judged(database: Database, round_id: str, clock: Clock) -> Analysis:
    judge_everything(database, round_id, clock)
    with database.writing() as session:
        rounds.lock_round(session, round_id, ADMIN, clock())
        return unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())


@pytest.mark.parametrize("task", TASKS, ids=NAMES)
def test_swapped_arms_change_no_byte_and_mirror_the_results(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock, task: TaskUnderTest
) -> None:
    database, design = database_with_admin, design.with_changes(neurons=8, **task.design_fields)
    original_id = open_round(database, design, paths, clock)
    swapped_id = open_round(database, swap_arms(design), paths, clock)
    assert what_pages_are_made_from(database, original_id) == what_pages_are_made_from(database, swapped_id)
    original = analysis_of_judged(database, original_id, clock)
    swapped = analysis_of_judged(database, swapped_id, clock)
    assert original.arms["quokka"] == swapped.arms["axolotl"]
    assert original.arms["axolotl"] == swapped.arms["quokka"]
    assert original.arms["quokka"] != original.arms["axolotl"]
    assert original.difference.estimate is not None
    assert swapped.difference.estimate == pytest.approx(-original.difference.estimate)
    assert original.difference.interval is not None
    lower, upper = original.difference.interval
    assert swapped.difference.interval == pytest.approx(Interval(-upper, -lower))


def test_strata_with_different_arms_keep_their_arms_in_a_swap_and_every_byte_of_their_items(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Two arms of one layer, three of two: in each stratum every arm gets the name of the next one."""
    folder = tmp_path_factory.mktemp("uneven")
    names_by_stratum = {"1L/0": ("gelu", "solu"), "2L/0": ("gelu", "solu", "third")}
    cells: list[Cell] = []
    archives: dict[str, Archive] = {}
    for layers, (stratum, names) in enumerate(names_by_stratum.items(), start=1):
        for name in names:
            archive = make_archive(folder / f"{name}{layers}", seed=len(cells), width=6, dead=0, layers=layers)
            archives[archive.sha256] = archive
            cells.append(Cell(arm=name, stratum=stratum, archive_sha256=archive.sha256))
    uneven = design_from_preset("quick", title="Uneven", arms=cells, reference="gelu", neurons=3)
    swapped = swap_arms(uneven)
    for stratum, names in names_by_stratum.items():
        before = {cell.archive_sha256: cell.arm for cell in uneven.arms if cell.stratum == stratum}
        after = {cell.archive_sha256: cell.arm for cell in swapped.arms if cell.stratum == stratum}
        assert sorted(after.values()) == sorted(names)
        assert all(before[digest] != after[digest] for digest in before)
    assert prepare_round(swapped, archives, SEED).items == prepare_round(uneven, archives, SEED).items
