"""The names of the arms are labels and nothing else: swapped, they change no byte of a page and mirror every result."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.rounds.design import Design
from app.services import rounds, seals
from app.services.leak_audit import swap_arms
from app.services.unblinding import unblind_round
from app.store.engine import Database
from app.store.tables import EvaluatorRow, ItemRow, RoundRow
from app.web.evaluator.padding import response_sizes
from app.web.evaluator.passages import render_passages
from tests.conftest import Clock
from tests.services.acting import judge_everything
from tests.services.conftest import ADMIN

KEYS = [seals.new_key(), seals.new_key()]
OPTIONS = seals.SealOptions(measure=response_sizes, entropy=lambda size: b"\x07" * size)
"""The same secret seed for both rounds; outside a test it comes from the system."""


def sealed(database: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    with database.writing() as session:
        made = rounds.create_round(session, design, paths, ADMIN, clock())
        seals.seal_round(session, made, [one.recipient for one in KEYS], render_passages, ADMIN, clock(), OPTIONS)
        for name in ("Ada", "Bo"):
            rounds.invite_evaluator(session, made, name, False, ADMIN, clock())
        for who in session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == made)):
            who.order_seed = f"{who.name:0>64}"
        rounds.open_round(session, made, ADMIN, clock())
    return made


def shown(database: Database, round_id: str) -> list[Any]:
    """Everything of a round that its pages are made from."""
    with database.reading() as session:
        row = session.get_one(RoundRow, round_id)
        items = session.scalars(select(ItemRow).where(ItemRow.round_id == round_id).order_by(ItemRow.code)).all()
        return [
            (row.title, row.public_design, row.response_bytes, row.response_gzip_bytes),
            [(one.code, one.html, one.content, one.training, one.apart) for one in items],
        ]


def analysed(database: Database, round_id: str, clock: Clock) -> dict[str, Any]:
    judge_everything(database, round_id, clock)
    with database.writing() as session:
        rounds.lock_round(session, round_id, ADMIN, clock())
        return unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())


def test_swapped_arms_change_no_byte_and_mirror_the_results(
    database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    here = sealed(database_with_admin, design, paths, clock)
    there = sealed(database_with_admin, swap_arms(design), paths, clock)
    assert shown(database_with_admin, here) == shown(database_with_admin, there)
    one, other = (analysed(database_with_admin, round_id, clock) for round_id in (here, there))
    assert one["arms"]["quokka"] == other["arms"]["axolotl"]
    assert one["arms"]["axolotl"] == other["arms"]["quokka"]
    assert one["arms"]["quokka"] != one["arms"]["axolotl"]
    assert one["difference"]["estimate"] == pytest.approx(-other["difference"]["estimate"])
    assert one["difference"]["interval"] == pytest.approx(
        [-limit for limit in reversed(other["difference"]["interval"])]
    )
