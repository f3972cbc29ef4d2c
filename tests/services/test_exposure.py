"""Who knows the models is reported as exposed, and what named evaluators have seen leaves the frame for everyone."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app.archive.archive import Archive
from app.archive.manifest import ReadingRecord
from app.evidence.checks import check_blinded_evidence
from app.evidence.draws import left_out_digest
from app.evidence.event_details import LeftOut
from app.foundation.digest import sha256
from app.foundation.errors import InputError
from app.report.export.bundle import UnblindedBundle
from app.rounds.design import Design
from app.services import rounds
from app.services.archive_browsing import open_rounds_beside
from app.services.archives import (
    archive_fingerprints,
    fingerprints_of_models,
    fingerprints_of_text,
    fingerprints_of_units,
)
from app.services.exports import record_export, unblinded_bundle
from app.services.exposure import group_reasons, reasons_of_exposure, seen_neurons
from app.services.gallery import enter_gallery
from app.services.log import append_event, round_events
from app.services.results_read import record_reading
from app.services.unblinding import unblind_round, unblinded_evidence
from app.store.engine import Database
from app.store.tables import EvaluatorRow
from tests.conftest import Clock
from tests.rounds.small_archives import copy_under_another_address, harvest_again, two_arms
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


def test_whoever_saw_a_neuron_unblinded_is_exposed_in_the_next_round_of_the_same_models(
    locked_round: StagedRound, design: Design, paths: dict[str, Path]
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
        enter_gallery(session, round_id, "Gwen", clock())
        record_export(session, round_id, "Xena", "out.zip", b"", clock(), blinded=False)
        record_export(session, round_id, "Bea", "blinded.zip", b"", clock(), blinded=True)
        append_event(session, round_id, "Axel", "archives browsed", {}, clock())
    for form in ("report", "report", "numbers"):
        record_reading(database, round_id, "Rei", form, clock())
    with database.writing() as session:
        assert [event.action for event in round_events(session, round_id)].count("results read") == 2
        next_round = rounds.create_round(session, design, paths, ADMIN, clock())
        reasons = {name: reasons_of_exposure(session, next_round, name) for name in ("gwen", "Xena", "Axel", "Rei")}
        assert reasons_of_exposure(session, next_round, "Bea") == ()
    assert reasons == {
        "gwen": (f"opened the gallery of round {round_id}",),
        "Xena": (f"exported round {round_id}",),
        "Axel": (f"browsed archives of round {round_id}",),
        "Rei": (f"read results of round {round_id}",),
    }
    open_draft(database, next_round, clock, ("Gwen", "Xena", "Axel", "Rei", "Bea"))
    assert exposed_by_name(database, next_round) == {
        "Gwen": True, "Xena": True, "Axel": True, "Rei": True, "Bea": False,
    }  # fmt: skip


def test_a_new_harvest_of_the_same_model_shares_its_exposure(
    database_with_admin: Database,
    draft: str,
    plum_archive: Archive,
    fig_archive: Archive,
    tmp_path: Path,
    clock: Clock,
) -> None:
    plum, fig = (
        copy_under_another_address(archive, tmp_path / archive.sha256) for archive in (plum_archive, fig_archive)
    )
    paths = {archive.sha256: archive.path for archive in (plum, fig)}
    with database_with_admin.writing() as session:
        append_event(session, draft, "Eve", "archives browsed", {}, clock())
        again = rounds.create_round(session, two_arms(plum, fig, 6), paths, ADMIN, clock())
        assert reasons_of_exposure(session, again, "Eve") == (f"browsed archives of round {draft}",)


def test_whoever_knows_a_model_by_another_text_is_exposed_and_its_neurons_leave_the_frame(
    locked_round: StagedRound, plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    plum = harvest_again(plum_archive, tmp_path / "plum", seed=9)
    fig = harvest_again(fig_archive, tmp_path / "fig", seed=10)
    again = {archive.sha256: archive_fingerprints(archive) for archive in (plum, fig)}
    before = {archive.sha256: archive_fingerprints(archive) for archive in (plum_archive, fig_archive)}
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
        paths = {archive.sha256: archive.path for archive in (plum, fig)}
        next_round = rounds.create_round(session, two_arms(plum, fig, 6), paths, ADMIN, clock())
        append_event(session, round_id, "Rei", "results read", {}, clock())
        assert reasons_of_exposure(session, next_round, "Rei") == (f"read results of round {round_id}",)
        assert open_rounds_beside(session, round_id, ADMIN) == [], "its text tells nothing about the other round"
        seen_before, seen_again = (seen_neurons(session, ["ADA"], archives) for archives in (before, again))
    new_address = {plum_archive.sha256: plum.sha256, fig_archive.sha256: fig.sha256}
    assert seen_before
    assert seen_again == {(new_address[address], layer, index) for address, layer, index in seen_before}


def as_other_units(archive: Archive, site: str, reading: ReadingRecord | None) -> Archive:
    """The archive as if it held other units of its model."""
    manifest = archive.manifest
    digest = sha256(site.encode()) if reading else manifest.model.weights_sha256
    files = {name: sha256(f"{site} {name}".encode()) for name in manifest.files}
    model = manifest.model.model_copy(update={"weights_sha256": digest})
    changes = {"site": site, "reading": reading, "model": model, "files": files}
    return Archive(archive.path, manifest.model_copy(update=changes).with_address())


@pytest.mark.parametrize("site", ["sae:a", "resid.0", "directions:mlp.act"])
def test_other_units_of_a_model_expose_to_it_but_are_not_its_neurons(plum_archive: Archive, site: str) -> None:
    weights = plum_archive.manifest.model.weights_sha256
    assert weights is not None
    reading = None if site == "resid.0" else ReadingRecord(read_by="sae", model_weights_sha256=weights)
    neurons = archive_fingerprints(plum_archive)
    units = archive_fingerprints(as_other_units(plum_archive, site, reading))
    assert fingerprints_of_models(neurons) & fingerprints_of_models(units) == {f"weights {weights}"}
    assert fingerprints_of_units(neurons).isdisjoint(fingerprints_of_units(units))
    assert fingerprints_of_text(neurons).isdisjoint(fingerprints_of_text(units))


@pytest.mark.parametrize("site", ["mlp.pre", "mlp.act", "mlp.post_ln"])
def test_every_site_of_the_mlp_has_the_same_neurons(plum_archive: Archive, site: str) -> None:
    shared = {*archive_fingerprints(plum_archive)} & {*archive_fingerprints(as_other_units(plum_archive, site, None))}
    assert f"weights {plum_archive.manifest.model.weights_sha256}" in fingerprints_of_units(shared)


def test_archives_of_the_same_snippets_are_of_the_same_neurons(plum_archive: Archive) -> None:
    manifest = plum_archive.manifest
    files = manifest.files | {"neurons.parquet": "0" * 64}
    model = manifest.model.model_copy(update={"weights_sha256": None})
    imported = manifest.model_copy(update={"files": files, "model": model}).with_address()
    shared = set(archive_fingerprints(plum_archive)) & set(archive_fingerprints(Archive(plum_archive.path, imported)))
    assert shared == {f"snippets {manifest.files['snippets.parquet']}"}


def test_one_person_cannot_be_invited_twice_under_two_spellings(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    open_draft(database_with_admin, draft, clock, ("Ada",))
    for spelling in ("ada", "ADA ", "\uff21da"):
        with pytest.raises(InputError, match="already invited"), database_with_admin.writing() as session:
            rounds.invite_evaluator(session, draft, spelling, False, ADMIN, clock())


def test_neurons_that_a_named_evaluator_has_seen_leave_the_frame_for_everyone(
    locked_round: StagedRound, design: Design, paths: dict[str, Path]
) -> None:
    fingerprints = {digest: [f"address {digest}"] for digest in paths}
    database, round_id, clock = locked_round.database, locked_round.round_id, locked_round.clock
    with database.reading() as session:
        assert seen_neurons(session, ["Ada"], fingerprints) == frozenset()
    with database.writing() as session:
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
    with database.reading() as session:
        neurons_of_ada = seen_neurons(session, ["Ada"], fingerprints)
        items = unblinded_evidence(session, round_id).seal.allocation.items
        assert seen_neurons(session, ["Cleo"], fingerprints) == frozenset()
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


def test_whoever_looks_after_the_invitation_is_exposed_from_the_lock_on(
    locked_round: StagedRound, design: Design, paths: dict[str, Path]
) -> None:
    database, earlier, clock = locked_round.database, locked_round.round_id, locked_round.clock
    with database.writing() as session:
        unblind_round(session, earlier, [KEYS[0].identity], ADMIN, "all have finished", clock())
        round_id = rounds.create_round(session, design, paths, ADMIN, clock())
    open_draft(database, round_id, clock, ("Ada", "Cleo"))
    assert exposed_by_name(database, round_id) == {"Ada": False, "Cleo": False}
    record_reading(database, earlier, "ada", "report", clock())
    reason = f"read results of round {earlier}"
    with database.writing() as session:
        progress = rounds.round_progress(session, round_id)
        locked = rounds.lock_round(session, round_id, ADMIN, clock())
        unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
        assert exposed_in_export(unblinded_bundle(session, round_id)) == {"Ada": True, "Cleo": False}
    assert {evaluator.name: evaluator.exposed_since for evaluator in progress.evaluators} == {
        "Ada": (reason,), "Cleo": (),
    }  # fmt: skip
    assert {name: enrolment.exposed_because for name, enrolment in locked.roster.items()} == {
        "Ada": (reason,), "Cleo": (),
    }  # fmt: skip
    assert exposed_by_name(database, round_id) == {"Ada": True, "Cleo": False}


def exposed_in_export(bundle: UnblindedBundle) -> dict[str, bool]:
    """{pseudonym: whether the result calls them exposed}, after the evidence was checked."""
    assert [check for check in check_blinded_evidence(bundle.evidence) if not check.ok] == []
    return {evaluator.evaluator: evaluator.exposed for evaluator in bundle.result.frame.evaluators}


def test_reasons_are_told_round_by_round() -> None:
    reasons = ("created round a", "said so at the invitation", "read a key of round b", "unblinded round a")
    assert group_reasons(reasons) == [
        "round a: created, unblinded",
        "said so at the invitation",
        "round b: read a key of",
    ]
