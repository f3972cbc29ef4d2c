"""Who knows the models is reported as exposed, and what named evaluators have seen leaves the frame for everyone."""

from pathlib import Path

from sqlalchemy import select

from app.evidence.draws import left_out_digest
from app.evidence.event_details import LeftOut
from app.rounds.design import Design
from app.services import rounds
from app.services.exposure import seen_neurons
from app.services.unblinding import unblind_round, unblinded_evidence
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock
from tests.services.conftest import StagedRound
from tests.services.stages import ADMIN, KEYS, open_draft, prepare_draft


def exposed_by_name(database: Database, round_id: str) -> dict[str, bool]:
    with database.reading() as session:
        evaluators = session.scalars(select(EvaluatorRow).where(EvaluatorRow.round_id == round_id))
        return {evaluator.name: evaluator.exposed for evaluator in evaluators}


def test_whoever_created_a_round_on_these_models_is_exposed(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock, ("Ada", ADMIN))
    assert exposed_by_name(database_with_admin, draft) == {"Ada": False, ADMIN: True}


def test_neurons_that_a_named_evaluator_has_seen_leave_the_frame_for_everyone(
    locked_round: StagedRound, design: Design, paths: dict[str, Path]
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    with database.reading() as session:
        assert seen_neurons(session, ["Ada"], paths) == frozenset()
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database.reading() as session:
        neurons_of_ada = seen_neurons(session, ["Ada"], paths)
        items = unblinded_evidence(session, round_id).seal.allocation.items
        assert seen_neurons(session, ["Cleo"], paths) == frozenset()
    assert {(layer, index) for _, layer, index in neurons_of_ada} == {(item.layer, item.neuron) for item in items}
    with database.writing() as session:
        next_round = rounds.create_round(session, design.with_changes(named=["Ada"]), paths, ADMIN, clock())
    prepared = prepare_draft(database, next_round, clock)
    cells = {(cell.arm, cell.stratum): cell for cell in prepared.seal_content.allocation.cells}
    drawn = {
        (cells[item.arm, item.stratum].archive_sha256, item.layer, item.neuron)
        for item in prepared.seal_content.allocation.items
    }
    assert prepared.draw.left_out == LeftOut(
        neuron_count=len(neurons_of_ada), rounds=(round_id,), sha256=left_out_digest(sorted(neurons_of_ada))
    )
    assert drawn.isdisjoint(neurons_of_ada)
    assert set(prepared.seal_content.left_out) == neurons_of_ada
    assert all(cell.frame < 24 for cell in cells.values())
    assert all(cell.eligible + cell.excluded == 24 for cell in cells.values())
