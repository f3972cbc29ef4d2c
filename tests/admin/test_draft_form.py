"""The form of a new round: what cannot be met comes back with a sentence, and nothing that was typed is lost."""

from html import escape
from pathlib import Path
from typing import Any

import pytest

from app.archive.archive import Archive
from app.web.admin.draft_form import blank_draft_form, posted_arm_rows, posted_draft_form
from tests.admin.admin_site import AdminSite, Browser, draft_fields, make_draft
from tests.rounds.mismatches import MISMATCHES, Mismatch
from tests.rounds.small_archives import harvest_otherwise


def test_a_draft_is_made_from_archives_in_the_data_folder(dag: Browser, admin_site: AdminSite) -> None:
    dag.get("/admin/rounds/new")
    assert "plum: gelu, mlp.act, 24 units" in dag.text
    round_id = make_draft(dag, admin_site)
    assert dag.path == f"/admin/rounds/{round_id}"
    assert "Spring reading" in dag.text
    assert "3 per arm and stratum" in dag.text
    dag.get("/admin/rounds")
    assert round_id in dag.text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"archive": ["", "", "", ""]}, "A round needs at least two arms"),
        ({"archive": ["f" * 64, "", "", ""]}, "no longer in the data folder"),
        ({"archive": ["../../etc/passwd", "", "", ""]}, "no longer in the data folder"),
        ({"neurons": "many"}, "“many” is not"),
        ({"neurons": "0"}, "neurons"),
        ({"neurons": "999"}, "999"),
        ({"title": ""}, "title"),
        ({"title": "Is quokka clearer?"}, "“quokka” must not be"),
        ({"preset": "nonsense"}, "There is no preset"),
        ({"stratum": ["1L/0", "2L/0", "", ""]}, "the reference arm"),
        ({"arm": ["quokka", "quokka", "", ""]}, "an arm stands twice"),
    ],
)
def test_an_impossible_draft_is_refused_with_a_sentence_and_keeps_the_form(
    dag: Browser, admin_site: AdminSite, changes: dict[str, Any], sentence: str
) -> None:
    dag.get("/admin/rounds/new")
    fields = draft_fields(admin_site, **changes)
    assert dag.send("create", **fields).status_code == 422
    assert sentence in dag.text
    assert f'value="{fields["arm"][1]}"' in dag.text
    assert "Traceback" not in dag.text
    dag.get("/admin/rounds")
    assert "There is no round yet" in dag.text


@pytest.mark.parametrize("column", ["arm", "stratum"])
@pytest.mark.parametrize(
    ("name", "shown"),
    [("x" * 61, "x" * 61), ("two\nlines", "two&lt;U+000A&gt;lines"), ("a\ttab", "a&lt;U+0009&gt;tab")],
)
def test_a_name_that_no_arm_or_stratum_can_have_is_refused_and_the_form_kept(
    dag: Browser, admin_site: AdminSite, column: str, name: str, shown: str
) -> None:
    dag.get("/admin/rounds/new")
    fields = draft_fields(admin_site)
    fields[column][1] = name
    fields["stratum"][0] = fields["stratum"][1]
    assert dag.send("create", **fields).status_code == 422
    assert shown in dag.text
    assert 'value="Spring reading"' in dag.text
    for kept in fields["arm"][:2]:
        assert f'value="{kept}"' in dag.text


def test_a_form_that_names_no_preset_has_the_one_that_the_page_offers_first() -> None:
    assert posted_draft_form(posted_arm_rows()).preset == blank_draft_form().preset


def test_a_form_without_arms_is_refused(dag: Browser) -> None:
    dag.get("/admin/rounds/new")
    assert dag.send("create").status_code == 422


def test_without_archives_the_page_says_how_to_make_one(dag: Browser, admin_site: AdminSite) -> None:
    for folder in (admin_site.settings.data / "archives").iterdir():
        for file in folder.iterdir():
            file.unlink()
    dag.get("/admin/rounds/new")
    assert "firstglance harvest MODEL" in dag.text


def test_a_round_can_be_copied_as_a_new_draft(dag: Browser, draft: str) -> None:
    dag.get(f"/admin/rounds/{draft}")
    dag.send("copy")
    assert dag.path != f"/admin/rounds/{draft}"
    assert "copied" in dag.text


def link_archive(archive: Archive, folder: Path) -> None:
    """Put an archive into the data folder."""
    folder.mkdir()
    for file in archive.path.iterdir():
        (folder / file.name).hardlink_to(file)


@pytest.mark.parametrize(
    "mismatch", MISMATCHES, ids=lambda mismatch: f"{mismatch.contrast}-{'-'.join(mismatch.changes)}"
)
def test_a_mismatch_of_archives_is_refused_on_the_page_until_it_is_declared(
    dag: Browser, admin_site: AdminSite, tmp_path: Path, mismatch: Mismatch
) -> None:
    plum, fig = admin_site.archives
    other = harvest_otherwise(fig, tmp_path / "other", **mismatch.changes)
    link_archive(other, admin_site.settings.data / "archives" / "other")
    fields = draft_fields(admin_site, archive=[plum.sha256, other.sha256, "", ""], unit=["", "feature", "", ""])
    dag.get("/admin/rounds/new")
    assert dag.send("create", **fields).status_code == 422
    for named in (*mismatch.values, "axolotl", "quokka", "1L/0", f"--contrast {mismatch.contrast}"):
        assert named in dag.text
    assert 'value="feature"' in dag.text
    dag.send("create", **fields, contrast=[mismatch.contrast])
    assert "Spring reading" in dag.text
    assert dag.path.startswith("/admin/rounds/")


@pytest.mark.parametrize("unit", ["<b>", "two words", "x" * 31])
def test_a_word_for_units_that_is_none_is_refused_and_kept(dag: Browser, admin_site: AdminSite, unit: str) -> None:
    dag.get("/admin/rounds/new")
    assert dag.send("create", **draft_fields(admin_site, unit=["", unit, "", ""])).status_code == 422
    assert "up to 30 small letters" in dag.text
    assert f'value="{escape(unit)}"' in dag.text


def test_an_unknown_contrast_is_refused(dag: Browser, admin_site: AdminSite) -> None:
    dag.get("/admin/rounds/new")
    assert dag.send("create", **draft_fields(admin_site), contrast=["<b>"]).status_code == 422
    assert "contrasts" in dag.text
    assert "<b>" not in dag.text
