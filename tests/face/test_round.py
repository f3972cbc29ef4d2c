"""Rounds from Python: the guards of the command line, and sentences where something is missing."""

from pathlib import Path
from typing import Any

import pytest

import firstglance as fg
from app.archive.archive import Archive
from app.foundation.errors import DesignError, InputError, LifecycleError, NotFoundError, SealError, SettingsError
from tests.conftest import without_figures
from tests.rounds.few_draws import FEW_DRAWS

REASON = "Nobody has judged, and nobody will."


def new_draft(archives: dict[str, Archive], data: Path, **choices: str) -> fg.Round:
    """A draft of a round of two archives, with few random draws in its analysis."""
    design = fg.Design.from_preset("quick", title="A first look", arms=archives, neurons=2, analysis=FEW_DRAWS)
    return fg.Round.create(design, archives.values(), data=data, **choices)


@pytest.fixture
def archives(plum_archive: Archive, fig_archive: Archive) -> dict[str, Archive]:
    return {"quokka": plum_archive, "axolotl": fig_archive}


@pytest.fixture
def draft(archives: dict[str, Archive], migrated_data: Path) -> fg.Round:
    return new_draft(archives, migrated_data)


@pytest.fixture
def collecting(draft: fg.Round, tmp_path: Path) -> fg.Round:
    """An open round, sealed without an audit, which takes longest."""
    draft.seal(tmp_path / "keys", audited=False)
    draft.open()
    return draft


def test_the_first_arm_is_the_reference_and_a_cell_names_the_archive(archives: dict[str, Archive]) -> None:
    design = fg.Design.from_preset("solu-rank", title="A first look", arms=archives)
    assert design.reference == "quokka"
    assert [cell.archive_sha256 for cell in design.arms] == [archive.sha256 for archive in archives.values()]
    assert fg.Design.from_preset("solu-rank", title="A first look", arms=archives, reference="axolotl").marks == "rank"


def test_a_preset_takes_archives_by_name_or_cells_and_nothing_else(archives: dict[str, Archive]) -> None:
    with pytest.raises(DesignError, match=r"arms are \{name: archive\}, or cells"):
        fg.Design.from_preset("quick", title="A first look", arms=list(archives))  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="arms"):
        fg.Design.from_preset("quick", title="A first look", arms={})


def test_a_new_data_folder_gets_the_admin_who_is_named_and_no_second_one(
    archives: dict[str, Archive], migrated_data: Path
) -> None:
    new_draft(archives, migrated_data, by="Ada")
    new_draft(archives, migrated_data)
    with pytest.raises(SettingsError, match="there is no admin called Bo"):
        new_draft(archives, migrated_data, by="Bo")
    assert len(fg.Round.all(data=migrated_data)) == 2


def test_an_archive_can_be_given_by_its_path(archives: dict[str, Archive], tmp_path: Path) -> None:
    design = fg.Design.from_preset("quick", title="A first look", arms=archives, neurons=2)
    paths = [str(archive.path) for archive in archives.values()]
    url = f"sqlite:///{tmp_path / 'other.db'}"
    assert fg.Round.create(design, paths, data=tmp_path / "data", database_url=url).design.reference == "quokka"
    assert not (tmp_path / "data" / "firstglance.db").exists()
    with pytest.raises(DesignError, match="archive"):
        fg.Round.create(design, paths[:1], data=tmp_path / "data")


def test_a_round_that_is_not_there_is_not_found(draft: fg.Round, tmp_path: Path) -> None:
    assert fg.Round.load(draft.id, data=tmp_path / "data").state == "draft"
    with pytest.raises(NotFoundError):
        fg.Round.load("nowhere", data=tmp_path / "data")


def test_a_round_is_not_sealed_without_keys_and_never_over_a_file(draft: fg.Round, tmp_path: Path) -> None:
    with pytest.raises(SealError, match="Name and prove two keys"):
        draft.seal()
    (tmp_path / "keys").write_text("mine", encoding="utf-8")
    with pytest.raises(SealError, match="exists already and is not replaced"):
        draft.seal(tmp_path / "keys")
    assert draft.state == "draft"


def test_a_step_out_of_its_turn_is_refused(draft: fg.Round, tmp_path: Path) -> None:
    for step in (draft.open, draft.lock, draft.result, draft.preregistration):
        with pytest.raises(LifecycleError):
            step()
    with pytest.raises(LifecycleError):
        draft.export(tmp_path / "round.zip")
    assert not (tmp_path / "round.zip").exists()


def test_a_round_is_locked_short_of_its_target_only_if_somebody_says_so(collecting: fg.Round, tmp_path: Path) -> None:
    collecting.invite("reader-1", exposed=True)
    with pytest.raises(InputError, match="lock it with early=True"):
        collecting.lock()
    lock = collecting.lock(early=True)
    assert collecting.progress().lock == lock
    result = collecting.unblind([tmp_path / "keys"], reason=REASON)
    assert result.headline.startswith("Stopped early.")
    assert result.to_frame()["judgments"].to_dict() == {"quokka": 0, "axolotl": 0}
    assert (result.difference, result.interval) == (None, None)
    assert "quokka: no fraction" in repr(result)


def test_an_evaluator_who_is_exposed_is_told_why(collecting: fg.Round) -> None:
    reader = collecting.invite("reader-1", exposed=True, address="https://example.org/")
    assert reader.link.startswith("https://example.org/i/")
    assert reader.exposed_because == ("said so at the invitation",)
    assert collecting.invite("reader-2").exposed_because == ()


def test_a_lost_key_of_the_round_is_a_warning_at_the_line_that_takes_the_step(
    collecting: fg.Round, tmp_path: Path
) -> None:
    next((tmp_path / "data" / "round_keys").glob(f"{collecting.id}*")).unlink()
    with pytest.warns(UserWarning, match="The key that signs this round's receipts is missing") as warned:
        collecting.invite("reader-1")
    assert {warning.filename for warning in warned} == {__file__}


def test_a_blinded_export_has_no_result(collecting: fg.Round, tmp_path: Path) -> None:
    with without_figures():
        export = fg.ExportFile.read(collecting.export(tmp_path / "round.zip", blinded=True))
    assert (export.blinded, export.design, export.verify().ok) == (True, None, True)
    for read in (export.result, export.observations):
        with pytest.raises(fg.FirstGlanceError, match="blinded export, which has no result"):
            read()
    with pytest.raises(fg.FirstGlanceError, match=r"has no file allocation\.json"):
        export.content("allocation.json")
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        export.verify(lock="abc")
    number: Any = 5
    with pytest.raises(SettingsError, match="64 hexadecimal digits"):
        export.verify(lock=number)


@pytest.mark.parametrize("url", [None, "sqlite:///data/firstglance.db"])
def test_a_round_stays_where_it_is_when_python_changes_its_folder(
    archives: dict[str, Archive], migrated_data: Path, monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    (migrated_data / "elsewhere").mkdir()
    monkeypatch.chdir(migrated_data.parent)
    places = {"data": "data"} if url is None else {"data": "data", "database_url": url}
    created = new_draft(archives, Path("data"), **({} if url is None else {"database_url": url}))
    loaded, listed = fg.Round.load(created.id, **places), fg.Round.all(**places)
    monkeypatch.chdir(migrated_data / "elsewhere")
    assert [study.state for study in (created, loaded, *listed)] == ["draft"] * 3
    assert not list((migrated_data / "elsewhere").iterdir())


@pytest.mark.parametrize("url", [None, "sqlite:///typo/rounds.db"])
def test_a_data_folder_that_is_not_there_is_made_by_create_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for read in (
        lambda: fg.Round.load("some-round", data="typo", database_url=url),
        lambda: fg.Round.all(data="typo", database_url=url),
        lambda: fg.serve("typo", database_url=url, port=0),
    ):
        with pytest.raises(
            SettingsError, match=r"there is no (data folder|database) .*typo.*; check its name, or make"
        ):
            read()
    assert not list(tmp_path.iterdir())


def test_a_mistaken_argument_is_refused_with_a_sentence(
    archives: dict[str, Archive], draft: fg.Round, tmp_path: Path
) -> None:
    mistake: Any = "quick"
    with pytest.raises(DesignError, match=r"as Design\.from_preset does"):
        fg.Round.create(mistake, archives.values(), data=tmp_path / "data")
    with pytest.raises(SealError, match="is a folder"):
        draft.seal(".")
    mistake = 5
    with pytest.raises(InputError, match="A pseudonym is a text, and 5 is none"):
        draft.invite(mistake)


class StoppedError(Exception):
    """Stands for whatever stops a seal."""


@pytest.mark.parametrize("ending", [KeyboardInterrupt, StoppedError])
def test_a_seal_that_was_stopped_says_that_its_keys_stay_and_is_made_again_with_them(
    draft: fg.Round, tmp_path: Path, ending: type[BaseException]
) -> None:
    def stop(*_: object) -> None:
        raise ending

    with pytest.warns(UserWarning, match="open its next seal") as warned, pytest.raises(ending):
        draft.seal(tmp_path / "first", progress=stop, audited=False)
    assert {warning.filename for warning in warned} == {__file__}
    assert draft.state == "draft"
    draft.seal(audited=False)
    draft.open()
    draft.lock(early=True)
    assert draft.unblind(tmp_path / "first", reason=REASON).headline


def test_a_round_without_judgments_has_a_table_with_its_columns(collecting: fg.Round, tmp_path: Path) -> None:
    collecting.invite("reader-1")
    collecting.lock(early=True)
    collecting.unblind(tmp_path / "keys", reason=REASON)
    observations = collecting.observations()
    assert len(observations) == 0
    assert {"evaluator", "arm", "verdict"} <= set(observations.columns)
