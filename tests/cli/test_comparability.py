"""`firstglance round create` refuses arms that cannot be compared, and takes what is declared."""

from pathlib import Path

import pytest

from app.archive.archive import Archive
from app.foundation.settings import Settings
from app.rounds.design import Design, read_design
from app.services.opened_database import open_database
from app.services.rounds import round_design
from tests.cli.conftest import Run
from tests.rounds.mismatches import MISMATCHES, Mismatch
from tests.rounds.small_archives import harvest_otherwise

CREATE = ("round", "create", "--title", "Spring reading", "--preset", "quick", "--neurons", 6)


@pytest.mark.parametrize(
    "mismatch", MISMATCHES, ids=lambda mismatch: f"{mismatch.contrast}-{'-'.join(mismatch.changes)}"
)
def test_a_mismatch_is_refused_until_it_is_declared(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path, mismatch: Mismatch
) -> None:
    assert dag
    other = harvest_otherwise(archives[1], tmp_path / "other", **mismatch.changes)
    arms = ("--arm", f"axolotl={archives[0].path}", "--arm", f"quokka={other.path}")
    refused = run(*CREATE, *arms)
    assert refused.exit_code == 1
    for named in (*mismatch.values, "axolotl", "quokka", "1L/0", f"--contrast {mismatch.contrast}"):
        assert named in refused.stderr
    assert run(*CREATE, *arms, "--contrast", mismatch.contrast).exit_code == 0


def test_one_archive_as_two_arms_is_refused_until_the_draw_is_declared(
    run: Run, dag: str, archives: tuple[Archive, Archive]
) -> None:
    assert dag
    arms = ("--arm", f"axolotl={archives[0].path}", "--arm", f"quokka={archives[0].path}")
    assert "--contrast draw" in run(*CREATE, *arms).stderr
    assert run(*CREATE, *arms, "--contrast", "draw").exit_code == 0


def test_latents_become_an_arm_with_a_site_and_a_word_of_their_own(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    assert dag
    latents = harvest_otherwise(archives[1], tmp_path / "latents", site="sae:res/0")
    arms = ("--arm", f"axolotl={archives[0].path}", "--arm", f"quokka={latents.path}", "--contrast", "site")
    as_site_says = stored_design(tmp_path, run(*CREATE, *arms).output.strip())
    assert [(as_site_says.site_of(cell), cell.unit) for cell in as_site_says.arms] == [
        ("mlp.act", "neuron"),
        ("sae:res/0", "latent"),
    ]
    named = stored_design(tmp_path, run(*CREATE, *arms, "--unit", "quokka=feature").output.strip())
    assert [cell.unit for cell in named.arms] == ["neuron", "feature"]
    assert named.unit_word == "unit"
    assert named.arms[1].harvest is not None
    assert named.arms[1].harvest.corpus == "by hand"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--unit", "quokka"), "is not ARM=WORD"),
        (("--unit", "tapir=latent"), "but no --arm does"),
        (("--unit", "quokka=<b>"), "The word “<b>” for a unit of “quokka” cannot be used"),
        (("--unit", "quokka=two words"), "up to 30 small letters"),
        (("--unit", "quokka=lat\u200bent"), "“lat<U+200B>ent”"),
        (("--unit", "quokka=" + "x" * 500), "up to 30 small letters"),
        (("--contrast", "corpus"), "“corpus” is declared but the same everywhere"),
        (("--contrast", "corpus", "--contrast", "corpus"), "twice"),
    ],
)
def test_a_wrong_word_or_contrast_is_refused_with_a_sentence(
    run: Run, dag: str, arms: tuple[str, ...], options: tuple[str, ...], sentence: str
) -> None:
    assert dag
    refused = run(*CREATE, *arms, *options)
    assert (refused.exit_code, sentence in refused.stderr) == (1, True), refused.output


def test_contrasts_and_units_stand_in_the_file_of_a_design(run: Run, dag: str, tmp_path: Path) -> None:
    assert dag
    (tmp_path / "design.toml").write_text("")
    refused = run("round", "create", "--design", tmp_path / "design.toml", "--contrast", "corpus")
    assert (refused.exit_code, "write contrasts = [...] at the top" in refused.stderr) == (1, True)


def test_a_file_that_says_the_site_alone_has_the_site_s_word(
    run: Run, dag: str, archives: tuple[Archive, Archive], tmp_path: Path
) -> None:
    assert dag
    latents = harvest_otherwise(archives[1], tmp_path / "latents", site="sae:res/0")
    text = f'''
title = "Spring reading"
reference = "axolotl"
neurons = 6
contrasts = ["site"]
[[arms]]
arm = "axolotl"
archive_sha256 = "{archives[0].sha256}"
[[arms]]
arm = "quokka"
archive_sha256 = "{latents.sha256}"
'''
    paths = ("--archive", archives[0].path, "--archive", latents.path)
    (tmp_path / "design.toml").write_text(text)
    refused = run("round", "create", "--design", tmp_path / "design.toml", *paths)
    assert 'Write site = "sae:res/0" into the arm, which is the table [[arms]] number 2' in refused.stderr
    (tmp_path / "design.toml").write_text(f'{text}site = "sae:res/0"\n')
    created = run("round", "create", "--design", tmp_path / "design.toml", *paths)
    assert created.exit_code == 0, created.output
    design = stored_design(tmp_path, created.output.strip())
    assert [cell.unit for cell in design.arms] == ["neuron", "latent"]
    assert read_design(design.canonical) == design


def stored_design(tmp_path: Path, round_id: str) -> Design:
    """The design of a round as the database has it."""
    with open_database(Settings(data=tmp_path / "data")) as database, database.reading() as session:
        return round_design(session, round_id)
