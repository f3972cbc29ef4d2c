"""A draw cannot be ground: what completes its seed is named beforehand, and every draw that is begun is in the log."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import update

from app.archive.archive import Archive, manifest_bytes
from app.evidence.draw_checks import announcement_in_force, draw_problems
from app.evidence.draws import LoggedStep, draw_history, half_digest, left_out_digest, seed_from_halves
from app.evidence.event_details import LeftOut
from app.foundation.errors import ArchiveError, LifecycleError, SealError, StorageError
from app.foundation.json_types import JsonObject
from app.report.export.redraw import open_verified_archives, redraw_problems
from app.report.methods_text import methods_paragraphs
from app.report.result import result_of
from app.rounds import preparation
from app.rounds.archive_frame import ArchiveFrame
from app.rounds.cell_draws import CellDraw, draw_cells
from app.rounds.design import Design
from app.rounds.frame_draws import neuron_key
from app.rounds.redraw import left_out_reservation
from app.services import draws, rounds, seals
from app.services.cancelled_seals import log_cancelled_seal
from app.services.draw_log import logged_steps
from app.services.draws import AnnouncedDraw, announce_draw, half_file
from app.services.log import round_events, verify_log
from app.services.related_rounds import possibly_related_round_ids, related_round_ids
from app.services.unblinding import prove_key_of_seal, unblind_round, unblinded_evidence
from app.store.engine import Database
from app.store.exposure import archives_of_all_rounds
from app.store.tables import ArchiveRow, RoundRow
from tests.conftest import Clock
from tests.rounds.small_archives import copy_under_another_address, two_arms
from tests.services.judges import judge_everything
from tests.services.stages import ADMIN, KEYS, SEAL_OPTIONS, prepare_draft, seal_draft, state_of_round

NAME, VALUE = "beacon round 4242", "c0ffee"
NOTHING_LEFT_OUT = {"neuron_count": 0, "rounds": [], "sha256": left_out_digest(())}


@pytest.fixture
def public_draft(database_with_admin: Database, design: Design, paths: dict[str, Path], clock: Clock) -> str:
    """A draft whose seed a public value completes."""
    with database_with_admin.writing() as session:
        return rounds.create_round(session, design.with_changes(seed_rule="public"), paths, ADMIN, clock())


def announce(database: Database, draft: str, clock: Clock, folder: Path, name: str = NAME) -> AnnouncedDraw:
    with database.writing() as session:
        return announce_draw(session, draft, name, folder, ADMIN, clock(), value_length=len(VALUE))


def begin(database: Database, draft: str, clock: Clock, folder: Path, value: str = VALUE) -> seals.PreparedSeal:
    options = replace(SEAL_OPTIONS, public_value=value, data_folder=folder)
    return prepare_draft(database, draft, clock, options)


def finish(database: Database, pending: seals.PreparedSeal, clock: Clock, folder: Path) -> None:
    options = replace(SEAL_OPTIONS, data_folder=folder)
    with database.writing() as session:
        seals.store_seal(session, pending, ADMIN, clock(), options)


def cancel(database: Database, pending: seals.PreparedSeal, clock: Clock) -> None:
    with database.writing() as session:
        log_cancelled_seal(session, pending.round_id, pending.draw, ADMIN, "a leak", clock())


def actions(database: Database, draft: str) -> list[str]:
    """What the log says was done, but for the naming and proving of keys."""
    with database.reading() as session:
        events = round_events(session, draft)
    return [event.action for event in events if not event.action.startswith("key ")]


def unblind(database: Database, round_id: str, clock: Clock) -> str:
    """Open the sealed round, let Ada judge it, lock and unblind it; returns the methods of its report."""
    with database.writing() as session:
        rounds.invite_evaluator(session, round_id, "Ada", False, ADMIN, clock())
        prove_key_of_seal(session, round_id, KEYS[0].identity, ADMIN, clock())
        rounds.open_round(session, round_id, ADMIN, clock())
    judge_everything(database, round_id, clock)
    with database.writing() as session:
        rounds.lock_round(session, round_id, ADMIN, clock())
        analysis = unblind_round(session, round_id, [KEYS[0].identity], ADMIN, "all have finished", clock())
        frame = result_of(unblinded_evidence(session, round_id)).frame
    return "\n".join([*methods_paragraphs(frame, analysis), *analysis.notes])


def test_an_announcement_logs_the_digest_of_a_half_that_only_its_owner_can_read_outside_the_database(
    database_with_admin: Database, public_draft: str, design: Design, clock: Clock, tmp_path: Path
) -> None:
    announced = announce(database_with_admin, public_draft, clock, tmp_path)
    file = half_file(tmp_path, public_draft, 1)
    half = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert announced.announcement.half_sha256 == half_digest(half)
    with database_with_admin.reading() as session:
        event = round_events(session, public_draft)[-1]
    assert (event.action, event.chain) == ("draw announced", announced.chain)
    assert event.detail == {
        "number": 1,
        "half_sha256": half_digest(half),
        "public_name": NAME,
        "value_length": len(VALUE),
        "design_sha256": design.with_changes(seed_rule="public").sha256,
        "left_out": NOTHING_LEFT_OUT,
    }
    assert half not in str(event)


def test_the_announced_value_completes_the_seed_and_the_half_s_file_is_removed_at_the_seal(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    announced = announce(database_with_admin, public_draft, clock, tmp_path)
    half = half_file(tmp_path, public_draft, 1).read_text()
    pending = begin(database_with_admin, public_draft, clock, tmp_path)
    assert pending.seal_content.seed == seed_from_halves(half, NAME, VALUE)
    finish(database_with_admin, pending, clock, tmp_path)
    assert list((tmp_path / "draws").iterdir()) == []
    content = pending.seal_content.as_sealed
    assert content["draw"] == {"half": half, "public_name": NAME, "public_value": VALUE}
    with database_with_admin.reading() as session:
        steps = logged_steps(round_events(session, public_draft))
        verify_log(session, public_draft)
    assert steps[-1].detail["draw"] == {
        "number": 1,
        "again": False,
        "seed_rule": "public",
        "half_sha256": announced.announcement.half_sha256,
        "public_name": NAME,
        "public_value": VALUE,
        "same_archives": [],
        "left_out": NOTHING_LEFT_OUT,
    }
    assert draw_problems("public", pending.seal_content, steps) == []
    methods = unblind(database_with_admin, public_draft, clock)
    assert f"“{NAME}” is “{VALUE}”" in methods
    assert "The neurons are from draw 1; the round's log has no other." in methods


def test_a_half_that_cannot_be_stored_is_a_sentence_and_nothing_is_announced(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    (tmp_path / "draws").write_text("a file in place of the folder")
    with pytest.raises(StorageError, match="Let this program write to the folder"):
        announce(database_with_admin, public_draft, clock, tmp_path)
    assert "draw announced" not in actions(database_with_admin, public_draft)


def test_a_draw_is_announced_only_before_the_seal_and_where_the_design_has_a_public_value(
    database_with_admin: Database, draft: str, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    with pytest.raises(LifecycleError, match="has the server draw the seed alone"):
        announce(database_with_admin, draft, clock, tmp_path)
    with pytest.raises(SealError, match="1 to 500 characters"):
        announce(database_with_admin, public_draft, clock, tmp_path, "  ")
    seal_draft(database_with_admin, draft, clock)
    with pytest.raises(LifecycleError, match="announced before the seal"):
        announce(database_with_admin, draft, clock, tmp_path)


def test_a_round_whose_seed_needs_a_public_value_is_not_sealed_without_announcement_and_value(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    with pytest.raises(SealError, match="Announce the draw first"):
        begin(database_with_admin, public_draft, clock, tmp_path)
    announce(database_with_admin, public_draft, clock, tmp_path)
    with pytest.raises(SealError, match="The value of the public value has 1 to 500"):
        begin(database_with_admin, public_draft, clock, tmp_path, "")
    assert state_of_round(database_with_admin, public_draft) == "draft"


@pytest.mark.parametrize("value", [f"{VALUE}\u200b", VALUE.upper(), f"0x{VALUE}", "c0ffee."])
def test_a_value_that_is_spelled_otherwise_than_by_the_rule_begins_no_draw(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path, value: str
) -> None:
    announce(database_with_admin, public_draft, clock, tmp_path)
    with pytest.raises(SealError, match=r"lower case|characters"):
        begin(database_with_admin, public_draft, clock, tmp_path, value)
    assert "seal begun" not in actions(database_with_admin, public_draft)
    finish(database_with_admin, begin(database_with_admin, public_draft, clock, tmp_path), clock, tmp_path)
    assert "which has 6 characters, as the announcement says" in unblind(database_with_admin, public_draft, clock)


def test_a_name_with_invisible_characters_is_not_announced(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    with pytest.raises(SealError, match="beacon<U\\+200B>"):
        announce(database_with_admin, public_draft, clock, tmp_path, "beacon\u200b")


def test_a_round_whose_seed_the_server_draws_takes_no_value(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    with pytest.raises(SealError, match="leave the value out"):
        begin(database_with_admin, draft, clock, tmp_path)


@pytest.mark.parametrize("text", [None, "5f" * 32, "no half"])
def test_a_half_that_is_lost_or_exchanged_completes_no_seed(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path, text: str | None
) -> None:
    announce(database_with_admin, public_draft, clock, tmp_path)
    file = half_file(tmp_path, public_draft, 1)
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(SealError, match="announce"):
        begin(database_with_admin, public_draft, clock, tmp_path)


def test_the_same_half_takes_no_second_value_and_with_the_same_value_the_draw_is_the_same(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    announce(database_with_admin, public_draft, clock, tmp_path)
    first = begin(database_with_admin, public_draft, clock, tmp_path)
    cancel(database_with_admin, first, clock)
    with pytest.raises(SealError, match=f"was begun with the value “{VALUE}” and takes no other"):
        begin(database_with_admin, public_draft, clock, tmp_path, "c0ffef")
    second = begin(database_with_admin, public_draft, clock, tmp_path)
    assert second.seal_content.allocation == first.seal_content.allocation
    assert (second.draw.number, second.draw.again) == (1, True)
    announce(database_with_admin, public_draft, clock, tmp_path)
    third = begin(database_with_admin, public_draft, clock, tmp_path, "c0ffef")
    assert third.seal_content.allocation != first.seal_content.allocation
    assert third.draw.number == 2
    finish(database_with_admin, third, clock, tmp_path)
    methods = unblind(database_with_admin, public_draft, clock)
    assert "The neurons are from draw 2: one other draw of this round was cancelled." in methods
    assert "A half of a seed was announced two times for this round." in methods


def test_a_seal_that_a_process_did_not_finish_leaves_a_trace_and_is_drawn_anew(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    lost = begin(database_with_admin, draft, clock, tmp_path, "")
    cancel(database_with_admin, begin(database_with_admin, draft, clock, tmp_path, ""), clock)
    final = begin(database_with_admin, draft, clock, tmp_path, "")
    finish(database_with_admin, final, clock, tmp_path)
    assert lost.seal_content.seed != final.seal_content.seed
    assert actions(database_with_admin, draft)[1:] == [
        "seal begun",
        "seal begun",
        "seal cancelled",
        "seal begun",
        "sealed",
    ]
    methods = unblind(database_with_admin, draft, clock)
    sentence = "draw 3: one other draw of this round was cancelled, one was interrupted and begun anew."
    assert methods.count(sentence) == 2  # in the methods and among the notes
    assert "The server drew the seed alone; nothing shows that it drew only once." in methods


def test_a_copy_counts_the_draws_of_the_rounds_before_it_and_names_rounds_on_the_same_archives(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    cancel(database_with_admin, begin(database_with_admin, draft, clock, tmp_path, ""), clock)
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        copy = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
    cancel(database_with_admin, begin(database_with_admin, copy, clock, tmp_path, ""), clock)
    with database_with_admin.writing() as session:
        copy_of_copy = rounds.copy_round_as_draft(session, copy, ADMIN, clock())
        history = draw_history(logged_steps(round_events(session, copy_of_copy)))
    assert (history.copied_from, history.copied_state, history.copied_draws) == (copy, "draft", 3)
    assert set(history.same_archives or ()) == {draft, copy}
    seal_draft(database_with_admin, copy_of_copy, clock)
    methods = unblind(database_with_admin, copy_of_copy, clock)
    assert f"The round is a copy of round {copy}, which was in state draft" in methods
    assert "three draws were begun" in methods
    assert "Two other rounds of this server had a model of this one when this one was locked" in methods
    assert methods.count("In them three draws were begun, and no rounds were opened to evaluators.") == 2


def test_a_draft_that_was_made_after_this_one_and_before_its_draw_is_named_too(
    database_with_admin: Database, draft: str, design: Design, paths: dict[str, Path], clock: Clock
) -> None:
    """Someone could make many drafts, draw them all, and open the one that pleases."""
    with database_with_admin.writing() as session:
        later = rounds.create_round(session, design, paths, ADMIN, clock())
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        assert draw_history(logged_steps(round_events(session, draft))).same_archives == (later,)


def test_draws_that_other_rounds_made_after_this_one_s_are_counted_at_the_lock(
    database_with_admin: Database, draft: str, design: Design, paths: dict[str, Path], clock: Clock, tmp_path: Path
) -> None:
    """Someone could seal a round, draw others with their own key, and open the first if none is better."""
    with database_with_admin.writing() as session:
        copy = rounds.copy_round_as_draft(session, draft, ADMIN, clock())
    cancel(database_with_admin, begin(database_with_admin, draft, clock, tmp_path, ""), clock)  # after the copy
    seal_draft(database_with_admin, copy, clock)
    with database_with_admin.writing() as session:
        later = rounds.create_round(session, design, paths, ADMIN, clock())
    seal_draft(database_with_admin, later, clock)
    methods = unblind(database_with_admin, copy, clock)
    assert methods.count("Two other rounds of this server had a model of this one when this one was locked") == 2
    assert methods.count("In them two draws were begun, and no rounds were opened to evaluators.") == 2
    with database_with_admin.reading() as session:
        history = draw_history(logged_steps(round_events(session, copy)))
    assert {(related.round_id, related.draw_count) for related in history.related_rounds or ()} == {
        (draft, 1),
        (later, 1),
    }


def test_archives_with_the_same_neurons_under_another_address_are_counted(
    database_with_admin: Database, draft: str, plum_archive: Archive, clock: Clock, tmp_path: Path
) -> None:
    """Any changed word in a manifest gives an archive another address."""
    for name, table in (("renamed", "neurons.parquet"), ("other", "snippets.parquet")):
        copied = tmp_path / name
        copied.mkdir()
        for file in plum_archive.path.iterdir():
            (copied / file.name).write_bytes(file.read_bytes())
        manifest = plum_archive.manifest
        changed = manifest.model_copy(update={"versions": {"note": name}}).with_address()
        assert table in changed.files
        (copied / "manifest.json").write_bytes(manifest_bytes(changed))
    renamed, other = Archive.open(tmp_path / "renamed"), Archive.open(tmp_path / "other")
    assert len({plum_archive.sha256, renamed.sha256, other.sha256}) == 3
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.writing() as session:
        same_neurons = rounds.create_round(
            session,
            two_arms(renamed, other, 6).with_changes(contrasts=["draw"]),
            {renamed.sha256: renamed.path, other.sha256: other.path},
            ADMIN,
            clock(),
        )
        assert related_round_ids(session, same_neurons) == (draft,)
        assert related_round_ids(session, draft) == (same_neurons,)


def round_on_moved_archives(
    database: Database, originals: tuple[Archive, Archive], clock: Clock, folder: Path
) -> tuple[str, Path]:
    """A sealed round on copies of the archives that were moved away since, and the folder where they were."""
    plum, fig = (copy_under_another_address(archive, folder / "copies" / archive.path.name) for archive in originals)
    with database.writing() as session:
        paths = {archive.sha256: archive.path for archive in (plum, fig)}
        round_id = rounds.create_round(session, two_arms(plum, fig, 6), paths, ADMIN, clock())
    seal_draft(database, round_id, clock)
    (folder / "copies").rename(folder / "elsewhere")
    return round_id, folder / "copies"


def test_draws_of_a_round_whose_archives_were_moved_away_are_counted(
    database_with_admin: Database,
    draft: str,
    plum_archive: Archive,
    fig_archive: Archive,
    clock: Clock,
    tmp_path: Path,
) -> None:
    """Someone could draw from copies of the archives, under other addresses, and hide the copies afterwards."""
    archives = (plum_archive, fig_archive)
    hidden, folder = round_on_moved_archives(database_with_admin, archives, clock, tmp_path)
    with database_with_admin.reading() as session:
        assert related_round_ids(session, draft) == (hidden,)
        assert possibly_related_round_ids(session, draft) == ()
    with database_with_admin.writing() as session:  # as version 0.1 left it
        session.execute(update(ArchiveRow).where(ArchiveRow.round_id == hidden).values(fingerprints=None))
    shutil.copytree(plum_archive.path, folder / plum_archive.path.name)  # another archive at the old path
    with database_with_admin.reading() as session:
        assert related_round_ids(session, draft) == ()
        assert possibly_related_round_ids(session, draft) == (hidden,)
    seal_draft(database_with_admin, draft, clock)
    methods = unblind(database_with_admin, draft, clock)
    sentence = "One other round of this server may have had a model of this one: archives could not be read"
    assert methods.count(sentence) == 2  # in the methods and among the notes
    assert "In it one draw was begun" in methods


def test_the_seal_remembers_what_the_archives_of_an_upgraded_draft_hold(
    database_with_admin: Database, draft: str, clock: Clock
) -> None:
    with database_with_admin.writing() as session:
        remembered = [row.fingerprints for row in archives_of_all_rounds(session)]
        session.execute(update(ArchiveRow).values(fingerprints=None))
    seal_draft(database_with_admin, draft, clock)
    with database_with_admin.reading() as session:
        assert [row.fingerprints for row in archives_of_all_rounds(session)] == remembered
    assert all(len(fingerprints or []) == 5 for fingerprints in remembered)


def leave_out(monkeypatch: pytest.MonkeyPatch, archive: Archive, count: int) -> None:
    """Let the owner name so many neurons of the archive as seen by Ada in a round that nobody can look up."""
    neurons = frozenset((archive.sha256, neuron.layer, neuron.index) for neuron in archive.neurons()[:count])
    for module in (seals, draws):
        monkeypatch.setattr(module, "neurons_to_leave_out", lambda *_: {"r7": neurons})


def test_neurons_that_the_owner_left_out_are_reported_by_arm_and_verified_as_the_owner_s_word_only(
    database_with_admin: Database,
    design: Design,
    paths: dict[str, Path],
    plum_archive: Archive,
    clock: Clock,
    archives_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with database_with_admin.writing() as session:
        draft = rounds.create_round(session, design.with_changes(named=["Ada"]), paths, ADMIN, clock())
    leave_out(monkeypatch, plum_archive, 8)
    seal_draft(database_with_admin, draft, clock)
    methods = unblind(database_with_admin, draft, clock)
    sentence = "had seen them in r7: 8 of quokka in 1L/0, 0 of axolotl in 1L/0."
    assert methods.count(sentence) == 2  # in the methods and among the notes
    assert problems_of_draw(database_with_admin, draft, archives_folder) == []
    with database_with_admin.reading() as session:
        evidence = unblinded_evidence(session, draft)
        steps = logged_steps(round_events(session, draft))
    reservation = left_out_reservation(evidence.design, evidence.seal)
    assert reservation == "8 neurons were left out because Ada had seen them: nothing in the archives shows that."
    fewer = replace(evidence.seal, left_out=evidence.seal.left_out[1:])
    (problem,) = draw_problems("server", fewer, steps)
    assert "leaves out other neurons (7) than those that the log has for its draw (8)" in problem


def test_an_announcement_fixes_what_is_left_out_of_the_draw(
    database_with_admin: Database,
    design: Design,
    paths: dict[str, Path],
    plum_archive: Archive,
    clock: Clock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An owner could unblind rounds that Ada judged in any order, and so choose among draws from one half and value."""
    with database_with_admin.writing() as session:
        public = design.with_changes(named=["Ada"], seed_rule="public")
        draft = rounds.create_round(session, public, paths, ADMIN, clock())
    announce(database_with_admin, draft, clock, tmp_path)
    first = begin(database_with_admin, draft, clock, tmp_path)
    cancel(database_with_admin, first, clock)
    leave_out(monkeypatch, plum_archive, 8)
    with pytest.raises(SealError, match="Since the announcement a round was unblinded"):
        begin(database_with_admin, draft, clock, tmp_path)
    announce(database_with_admin, draft, clock, tmp_path)
    second = begin(database_with_admin, draft, clock, tmp_path)
    assert second.seal_content.allocation != first.seal_content.allocation
    assert (second.draw.number, second.draw.again) == (2, False)
    cancel(database_with_admin, second, clock)
    third = begin(database_with_admin, draft, clock, tmp_path)
    assert (third.draw.number, third.draw.again) == (2, True)
    finish(database_with_admin, third, clock, tmp_path)
    methods = unblind(database_with_admin, draft, clock)
    assert "draw 2: one other draw of this round was cancelled" in methods
    assert "A half of a seed was announced two times for this round." in methods
    with database_with_admin.reading() as session:
        steps = logged_steps(round_events(session, draft))
    assert draw_problems("public", third.seal_content, steps) == []
    for step in steps:
        if step.action == "draw announced":
            step.detail["left_out"] = LeftOut(neuron_count=0, rounds=(), sha256="0" * 64).model_dump(mode="json")
    (problem,) = draw_problems("public", third.seal_content, steps)
    assert problem == "The sealed draw left out other neurons than the log's announcement says."


def exchange_design(database: Database, round_id: str, design: Design) -> None:
    """Put another design into the database, as its owner can."""
    with database.writing() as session:
        round_row = session.get_one(RoundRow, round_id)
        round_row.design, round_row.public_design = design.canonical, design.public_content()


def test_a_round_whose_design_is_not_the_one_it_was_created_with_is_neither_announced_nor_drawn_nor_sealed(
    database_with_admin: Database, public_draft: str, design: Design, clock: Clock, tmp_path: Path
) -> None:
    """Once the value is out, every other design, such as of one neuron fewer, is another draw to choose from."""
    announce(database_with_admin, public_draft, clock, tmp_path)
    public = design.with_changes(seed_rule="public")
    exchange_design(database_with_admin, public_draft, public.with_changes(neurons=5))
    for step in (announce, begin):
        with pytest.raises(SealError, match="but the round was created with"):
            step(database_with_admin, public_draft, clock, tmp_path)
    exchange_design(database_with_admin, public_draft, public)
    pending = begin(database_with_admin, public_draft, clock, tmp_path)
    exchange_design(database_with_admin, public_draft, public.with_changes(neurons=5))
    with pytest.raises(SealError, match="but the round was created with"):
        finish(database_with_admin, pending, clock, tmp_path)


def test_a_round_whose_archives_are_not_those_of_its_design_is_not_sealed(
    database_with_admin: Database, draft: str, clock: Clock, tmp_path: Path
) -> None:
    with database_with_admin.writing() as session:
        session.execute(update(ArchiveRow).where(ArchiveRow.round_id == draft).values(sha256=ArchiveRow.sha256 + "0"))
    with pytest.raises(ArchiveError, match="are not those that its design names"):
        begin(database_with_admin, draft, clock, tmp_path, "")


@pytest.mark.parametrize("changes", [{"left_out": {"neuron_count": 9}}, {"value_length": 9}, {"design_sha256": "e"}])
def test_a_second_announcement_of_the_same_half_is_named_whatever_it_changes(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path, changes: JsonObject
) -> None:
    """Its owner could choose what it says once the value is out, while the first one was published."""
    published = announce(database_with_admin, public_draft, clock, tmp_path)
    pending = begin(database_with_admin, public_draft, clock, tmp_path)
    finish(database_with_admin, pending, clock, tmp_path)
    with database_with_admin.reading() as session:
        steps = logged_steps(round_events(session, public_draft))
    assert draw_problems("public", pending.seal_content, steps) == []
    index = announcement_in_force(steps)
    assert index is not None
    assert steps[index].detail == published.announcement.model_dump(mode="json")
    left_out = {**NOTHING_LEFT_OUT, **cast("JsonObject", changes.get("left_out", {}))}
    second = cast("JsonObject", {**steps[index].detail, "number": 2, **changes, "left_out": left_out})
    steps.insert(index + 1, LoggedStep("draw announced", second))
    assert announcement_in_force(steps) == index + 1
    problems = " ".join(draw_problems("public", pending.seal_content, steps))
    assert "Announcement 2 has the half of an earlier one" in problems


def pick_by_hand(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Exchange a drawn neuron of the first arm for the spare one with the largest activation, wherever it is drawn.

    Returns a list that gets (neuron that was drawn, neuron that was picked).
    """
    exchanged: list[tuple[int, int]] = []

    def picked(design: Design, frames: dict[str, ArchiveFrame], seed: str) -> list[CellDraw]:
        first, *others = draw_cells(design, frames, seed)
        frame = frames[first.cell.archive_sha256]
        drawn = {neuron_key(neuron) for neuron in first.neurons}
        spare = [neuron for neuron in frame.frame_neurons if not neuron.dead and neuron_key(neuron) not in drawn]
        pick = max(spare, key=lambda neuron: neuron.maximum)
        assert frame.showable([neuron_key(pick)])
        replaced = first.live_neurons[0]
        exchanged.append((replaced.index, pick.index))
        neurons = tuple(pick if neuron is replaced else neuron for neuron in first.neurons)
        return [replace(first, neurons=neurons), *others]

    monkeypatch.setattr(preparation, "draw_cells", picked)
    return exchanged


def problems_of_draw(database: Database, round_id: str, folder: Path) -> list[str]:
    """What a verifier finds who has the unblinded round's evidence and a folder with its archives."""
    with database.reading() as session:
        return redraw_problems(unblinded_evidence(session, round_id), folder)


@pytest.fixture
def archives_folder(tmp_path: Path, plum_archive: Archive, fig_archive: Archive) -> Path:
    """A folder that holds the two archives, not side by side."""
    for name, archive in (("plum", plum_archive), ("deeper/fig", fig_archive)):
        target = tmp_path / "verifier" / name
        target.mkdir(parents=True)
        for file in archive.path.iterdir():
            (target / file.name).hardlink_to(file)
    return tmp_path / "verifier"


@pytest.mark.parametrize("rule", ["server", "public"])
def test_the_redraw_of_an_honest_round_agrees_with_its_seal(
    database_with_admin: Database,
    draft: str,
    public_draft: str,
    clock: Clock,
    tmp_path: Path,
    archives_folder: Path,
    rule: str,
) -> None:
    round_id = draft if rule == "server" else public_draft
    if rule == "public":
        announce(database_with_admin, round_id, clock, tmp_path)
    value = VALUE if rule == "public" else ""
    finish(database_with_admin, begin(database_with_admin, round_id, clock, tmp_path, value), clock, tmp_path)
    unblind(database_with_admin, round_id, clock)
    assert problems_of_draw(database_with_admin, round_id, archives_folder) == []


def test_the_redraw_finds_a_design_whose_units_were_chosen_though_everything_else_agrees(
    database_with_admin: Database,
    draft: str,
    clock: Clock,
    tmp_path: Path,
    archives_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Allocation, items, digests, seal and commitment are all made from the chosen neurons; unblinding accepts them."""
    with monkeypatch.context() as patch:
        exchanged = pick_by_hand(patch)
        pending = begin(database_with_admin, draft, clock, tmp_path, "")
    finish(database_with_admin, pending, clock, tmp_path)
    unblind(database_with_admin, draft, clock)
    problems = problems_of_draw(database_with_admin, draft, archives_folder)
    ((replaced, pick),) = exchanged
    cell = "Cell quokka in 1L/0"
    assert f"{cell}: neuron {pick} of layer 0 was sealed, but not drawn (1 such neurons)." in problems
    assert f"{cell}: neuron {replaced} of layer 0 was drawn, but not sealed (1 such neurons)." in problems


def test_a_redraw_without_the_archives_says_which_is_missing(
    database_with_admin: Database, draft: str, clock: Clock, fig_archive: Archive
) -> None:
    seal_draft(database_with_admin, draft, clock)
    unblind(database_with_admin, draft, clock)
    with pytest.raises(ArchiveError, match="so the draw cannot be repeated"):
        problems_of_draw(database_with_admin, draft, fig_archive.path)


def test_a_redraw_takes_the_whole_one_of_several_copies_and_ignores_what_lies_beside_the_tables(
    archives_folder: Path, plum_archive: Archive, fig_archive: Archive
) -> None:
    shutil.copytree(plum_archive.path, archives_folder / "a_damaged_copy")
    (archives_folder / "a_damaged_copy" / "snippets.parquet").write_bytes(b"PAR1 no longer")
    (archives_folder / "plum" / "README.md").write_text("from a friend")
    archives = open_verified_archives(archives_folder, {plum_archive.sha256, fig_archive.sha256})
    assert archives[plum_archive.sha256].path == archives_folder / "plum"


def test_a_redraw_without_a_whole_copy_says_what_is_wrong_with_those_that_are_there(
    archives_folder: Path, plum_archive: Archive, fig_archive: Archive
) -> None:
    (archives_folder / "deeper" / "fig" / "neurons.parquet").unlink()
    with pytest.raises(ArchiveError, match=r"cannot be repeated.*fig is incomplete: neurons.parquet is missing"):
        open_verified_archives(archives_folder, {plum_archive.sha256, fig_archive.sha256})
    shutil.copytree(fig_archive.path, archives_folder / "copy")
    (archives_folder / "copy" / "snippets.parquet").write_bytes(b"PAR1 no longer")
    with pytest.raises(ArchiveError, match=r"copy: snippets.parquet has been changed since the harvest"):
        open_verified_archives(archives_folder, {fig_archive.sha256})


def test_a_redraw_takes_no_archive_whose_address_does_not_fix_the_tables(
    archives_folder: Path, plum_archive: Archive
) -> None:
    """Whoever ran the round could exchange rows of such an archive after the public value is out."""
    changed = plum_archive.manifest.model_copy(update={"files": {}}).with_address()
    manifest_file = archives_folder / "plum" / "manifest.json"
    manifest_file.unlink()  # a hard link to the archive that other tests read
    manifest_file.write_bytes(manifest_bytes(changed))
    with pytest.raises(ArchiveError, match=r"cannot be repeated.*does not list neurons.parquet"):
        open_verified_archives(archives_folder, {changed.address})


def test_a_half_that_a_killed_process_left_beside_its_stored_seal_is_removed(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    announce(database_with_admin, public_draft, clock, tmp_path)
    half = half_file(tmp_path, public_draft, 1)
    text = half.read_text()
    with database_with_admin.reading() as session:
        draws.remove_halves_of_sealed_rounds(session, tmp_path)
    assert half.read_text() == text, "a draft needs it"
    finish(database_with_admin, begin(database_with_admin, public_draft, clock, tmp_path), clock, tmp_path)
    half.write_text(text)
    with database_with_admin.reading() as session:
        draws.remove_halves_of_sealed_rounds(session, tmp_path)
    assert not half.exists()


def test_a_seal_that_cannot_be_stored_keeps_the_announced_half(
    database_with_admin: Database, public_draft: str, clock: Clock, tmp_path: Path
) -> None:
    """Without it the published announcement could never be completed."""
    announce(database_with_admin, public_draft, clock, tmp_path)
    half = half_file(tmp_path, public_draft, 1).read_text()
    pending = begin(database_with_admin, public_draft, clock, tmp_path)
    options = replace(SEAL_OPTIONS, data_folder=tmp_path)
    with pytest.raises(OSError, match="disk full"), database_with_admin.writing() as session:
        seals.store_seal(session, pending, ADMIN, clock(), options)
        msg = "disk full"
        raise OSError(msg)
    assert half_file(tmp_path, public_draft, 1).read_text() == half
    finish(database_with_admin, pending, clock, tmp_path)
    assert list((tmp_path / "draws").iterdir()) == []
