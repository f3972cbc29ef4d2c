"""Who knows the models is reported as exposed, and what named evaluators have seen leaves the frame for everyone."""

from pathlib import Path

from sqlalchemy import select

from app.rounds.design import Design
from app.services import rounds, seals
from app.services.exposure import seen_neurons
from app.services.unblinding import read_unblinded_round, unblind_round
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock
from tests.services.conftest import ADMIN
from tests.services.test_rounds import KEYS, OPTIONS, RECIPIENTS, collecting, locked, render


def exposed_of(database: Database, round_id: str) -> dict[str, bool]:
    with database.reading() as session:
        rows = session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == round_id)).all()
        return {one.name: one.exposed for one in rows}


def test_whoever_created_a_round_on_these_models_is_exposed(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    collecting(database_with_admin, draft, clock, ("Ada", ADMIN))
    assert exposed_of(database_with_admin, draft) == {"Ada": False, ADMIN: True}


def test_neurons_that_a_named_evaluator_has_seen_leave_the_frame_for_everyone(
    database_with_admin: Database, draft: str, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    locked(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        assert seen_neurons(session, ["Ada"], paths) == frozenset()
    with database_with_admin.writing() as session:
        unblind_round(session, draft, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database_with_admin.reading() as session:
        seen = seen_neurons(session, ["Ada"], paths)
        shown = {(line["layer"], line["neuron"]) for line in read_unblinded_round(session, draft).allocation["items"]}
        assert seen_neurons(session, ["Cleo"], paths) == frozenset()
    assert {(layer, index) for _, layer, index in seen} == shown
    again = design.with_changes(named=["Ada"])
    with database_with_admin.writing() as session:
        made = rounds.create_round(session, again, paths, ADMIN, clock())
        pending = seals.begin_seal(session, made, render, OPTIONS)
        seals.finish_seal(session, pending, RECIPIENTS, ADMIN, clock(), OPTIONS)
    archives = {(cell["arm"], cell["stratum"]): cell for cell in pending.opened["allocation"]["cells"]}
    drawn = {
        (archives[line["arm"], line["stratum"]]["archive_sha256"], line["layer"], line["neuron"])
        for line in pending.opened["allocation"]["items"]
    }
    assert drawn.isdisjoint(seen)
    assert all(cell["frame"] < 24 for cell in archives.values())
    assert all(cell["eligible"] + cell["excluded"] == 24 for cell in archives.values())
