"""Arms of a stratum differ in nothing but what the design declares; every refusal names both values and the field."""

from pathlib import Path
from typing import get_args

import pytest

from app.archive.archive import Archive
from app.archive.manifest import ReadingRecord
from app.foundation.errors import DesignError
from app.rounds.allocation import SealContent
from app.rounds.common_ground import common_ground
from app.rounds.comparability import require_comparable, with_harvests
from app.rounds.design import Design, read_design
from app.rounds.design_fields import Contrast
from app.rounds.harvest_facts import HarvestFacts
from app.rounds.harvest_fields import HARVEST_FIELDS
from app.rounds.preparation import prepare_round
from app.rounds.presets import design_from_preset
from app.rounds.redraw import redraw_differences
from app.rounds.typed_cell import typed_cell, with_shared_site
from tests.rounds.mismatches import MISMATCHES, Mismatch
from tests.rounds.small_archives import copy_under_another_address, harvest_again, harvest_otherwise, make_archive
from tests.rounds.swapped_arms import swap_arms

SEED = "5e" * 32
HOSTILE = "a\nb\u202e" + "x" * 500
"""What somebody wrote into a manifest: a line break, a character that turns the line around, and much more."""


def design_of(*archives: Archive, contrasts: tuple[str, ...] = ()) -> Design:
    """A design of one stratum as the command makes it, its arms named in alphabetical order."""
    names = ("axolotl", "quokka", "tapir")
    cells = [
        typed_cell(name, "", archive.sha256, archive.manifest.site)
        for name, archive in zip(names, archives, strict=False)
    ]
    site, arms = with_shared_site(cells)
    return design_from_preset(
        "quick", title="A first look", arms=arms, reference="axolotl", neurons=6, site=site, contrasts=list(contrasts)
    )


def by_digest(*archives: Archive) -> dict[str, Archive]:
    return {archive.sha256: archive for archive in archives}


@pytest.fixture(params=MISMATCHES, ids=lambda mismatch: f"{mismatch.contrast}-{'-'.join(mismatch.changes)}")
def mismatch(request: pytest.FixtureRequest) -> Mismatch:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def other(mismatch: Mismatch, fig_archive: Archive, tmp_path: Path) -> Archive:
    """The second archive, harvested otherwise."""
    return harvest_otherwise(fig_archive, tmp_path / "other", **mismatch.changes)


def test_every_field_that_must_agree_has_a_mismatch_here() -> None:
    assert {mismatch.contrast for mismatch in MISMATCHES} == {field.contrast for field in HARVEST_FIELDS}
    assert {field.contrast for field in HARVEST_FIELDS} | {"draw"} == set(get_args(Contrast))


def test_a_mismatch_is_refused_with_both_values_both_arms_the_stratum_and_the_field(
    mismatch: Mismatch, plum_archive: Archive, other: Archive
) -> None:
    with pytest.raises(DesignError) as refusal:
        require_comparable(design_of(plum_archive, other), by_digest(plum_archive, other))
    sentence = str(refusal.value)
    for named in (*mismatch.values, "“axolotl”", "“quokka”", "“1L/0”", f'contrasts = ["{mismatch.contrast}"]'):
        assert named in sentence


def test_a_declared_mismatch_is_accepted_whichever_arm_has_it(
    mismatch: Mismatch, plum_archive: Archive, other: Archive
) -> None:
    design = design_of(plum_archive, other, contrasts=(mismatch.contrast,))
    archives = by_digest(plum_archive, other)
    require_comparable(design, archives)
    require_comparable(swap_arms(design), archives)
    assert read_design(with_harvests(design, archives).canonical) == with_harvests(design, archives)


def test_a_declared_mismatch_of_a_third_arm_is_no_leave_for_another_field(
    mismatch: Mismatch, plum_archive: Archive, fig_archive: Archive, other: Archive
) -> None:
    declared = "corpus" if mismatch.contrast != "corpus" else "windows"
    archives = by_digest(plum_archive, fig_archive, other)
    with pytest.raises(DesignError, match=r"“quokka”|“tapir”|same everywhere"):
        require_comparable(design_of(plum_archive, fig_archive, other, contrasts=(declared,)), archives)


@pytest.mark.parametrize("contrast", [field.contrast for field in HARVEST_FIELDS])
def test_a_declared_contrast_that_is_the_same_everywhere_is_refused(
    contrast: str, plum_archive: Archive, fig_archive: Archive
) -> None:
    with pytest.raises(DesignError, match=f"“{contrast}” is declared but the same everywhere: "):
        require_comparable(
            design_of(plum_archive, fig_archive, contrasts=(contrast,)), by_digest(plum_archive, fig_archive)
        )


def test_arms_whose_tokenizers_are_both_unknown_are_refused(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    unknown = [
        harvest_otherwise(archive, tmp_path / name, model__tokenizer_sha256=None)
        for name, archive in (("a", plum_archive), ("b", fig_archive))
    ]
    with pytest.raises(DesignError, match=r"nothing shows that they agree in tokenizer, unknown .* and unknown"):
        require_comparable(design_of(*unknown), by_digest(*unknown))
    require_comparable(design_of(*unknown, contrasts=("tokenizer",)), by_digest(*unknown))


def test_strata_may_differ_from_each_other(plum_archive: Archive, fig_archive: Archive, tmp_path: Path) -> None:
    deep = [
        harvest_otherwise(archive, tmp_path / archive.path.name, model__n_layers=2, corpus__sha256="e" * 64)
        for archive in (plum_archive, fig_archive)
    ]
    cells = [
        typed_cell(arm, stratum, archive.sha256, "mlp.act")
        for stratum, pair in (("1L/0", (plum_archive, fig_archive)), ("2L/0", deep))
        for arm, archive in zip(("axolotl", "quokka"), pair, strict=True)
    ]
    design = design_from_preset("quick", title="A first look", arms=cells, reference="axolotl", neurons=6)
    require_comparable(design, by_digest(plum_archive, fig_archive, *deep))


def test_one_archive_as_two_arms_is_refused_unless_the_draw_is_the_contrast(plum_archive: Archive) -> None:
    archives = by_digest(plum_archive)
    with pytest.raises(DesignError, match=r"“axolotl” and “quokka” .* have one archive.*--contrast draw"):
        require_comparable(design_of(plum_archive, plum_archive), archives)
    require_comparable(design_of(plum_archive, plum_archive, contrasts=("draw",)), archives)


@pytest.mark.parametrize("weights", ["1" * 64, None])
def test_two_archives_of_the_same_units_are_refused_unless_the_draw_is_the_contrast(
    plum_archive: Archive, tmp_path: Path, weights: str | None
) -> None:
    first = harvest_otherwise(plum_archive, tmp_path / "first", model__weights_sha256=weights)
    copy = copy_under_another_address(first, tmp_path / "copy")
    with pytest.raises(DesignError, match="the same units under two names"):
        require_comparable(design_of(first, copy), by_digest(first, copy))
    require_comparable(design_of(first, copy, contrasts=("draw",)), by_digest(first, copy))


@pytest.mark.parametrize(
    ("contrast", "changes"),
    [("site", {"site": "sae:other"}), ("k", {"k": 30}), ("tokenizer", {"model__tokenizer_sha256": "d" * 64})],
)
def test_the_same_units_under_another_name_need_the_draw_beside_what_else_is_declared(
    plum_archive: Archive, tmp_path: Path, contrast: str, changes: dict[str, object]
) -> None:
    other = harvest_otherwise(plum_archive, tmp_path / "other", **changes)
    with pytest.raises(DesignError) as refusal:
        require_comparable(design_of(plum_archive, other, contrasts=(contrast,)), by_digest(plum_archive, other))
    assert f'contrasts = ["{contrast}", "draw"]' in str(refusal.value)
    require_comparable(design_of(plum_archive, other, contrasts=(contrast, "draw")), by_digest(plum_archive, other))


def test_two_harvests_of_the_same_units_with_other_numbers_are_refused(plum_archive: Archive, tmp_path: Path) -> None:
    again = harvest_again(plum_archive, tmp_path / "again", seed=7)
    groups, corpus = plum_archive.manifest.groups, plum_archive.manifest.corpus
    same_text = harvest_otherwise(again, tmp_path / "text", groups=groups, corpus=corpus)
    with pytest.raises(DesignError, match="same model and units"):
        require_comparable(design_of(plum_archive, same_text), by_digest(plum_archive, same_text))


def test_one_archive_for_two_arms_in_two_strata_is_refused_unless_the_draw_is_the_contrast(
    plum_archive: Archive, fig_archive: Archive
) -> None:
    cells = [
        typed_cell(arm, stratum, archive.sha256, "mlp.act")
        for stratum, pair in (("1L/0", (plum_archive, fig_archive)), ("1L/1", (fig_archive, plum_archive)))
        for arm, archive in zip(("axolotl", "quokka"), pair, strict=True)
    ]
    archives = by_digest(plum_archive, fig_archive)
    design = design_from_preset("quick", title="A first look", arms=cells, reference="axolotl", neurons=6)
    with pytest.raises(DesignError, match="“axolotl” in stratum “1L/0” and “quokka” in stratum “1L/1” have one arch"):
        require_comparable(design, archives)
    require_comparable(design.with_changes(contrasts=["draw"]), archives)


@pytest.mark.parametrize("declared", ["windows", "tokenizer"])
def test_other_windows_of_one_text_are_no_other_text(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path, declared: str
) -> None:
    changes: dict[str, object] = {"window": 64} if declared == "windows" else {"model__tokenizer_sha256": "d" * 64}
    other = harvest_otherwise(fig_archive, tmp_path / "other", corpus__windows=250, **changes)
    design, archives = design_of(plum_archive, other, contrasts=(declared,)), by_digest(plum_archive, other)
    require_comparable(design, archives)
    grounds = common_ground(with_harvests(design, archives))
    corpus = next(ground for ground in grounds or () if ground.name == "corpus")
    counts = " with 16,000 scored tokens" if declared == "windows" else ""
    assert (corpus.agreement, corpus.text) == ("common", f"“by hand” (000000000000…){counts}")


def test_rows_of_tokens_have_no_overlap_whatever_the_options_of_their_harvest_say(
    fig_archive: Archive, tmp_path: Path
) -> None:
    rows = harvest_otherwise(fig_archive, tmp_path / "rows", site="callable:probe", overlap=64)
    assert HarvestFacts.from_manifest(rows.manifest).overlap == 0
    reading = ReadingRecord(read_by="callable", place="probe", model_weights_sha256="1" * 64)
    of_text = harvest_otherwise(rows, tmp_path / "text", reading=reading)
    assert HarvestFacts.from_manifest(of_text.manifest).overlap == 64


def test_the_same_units_over_another_text_are_a_contrast_of_texts(plum_archive: Archive, tmp_path: Path) -> None:
    again = harvest_again(plum_archive, tmp_path / "again", seed=7)
    other_text = harvest_otherwise(again, tmp_path / "text", groups=plum_archive.manifest.groups)
    archives = by_digest(plum_archive, other_text)
    require_comparable(design_of(plum_archive, other_text, contrasts=("corpus",)), archives)
    with pytest.raises(DesignError, match="no two arms are of the same units"):
        require_comparable(design_of(plum_archive, other_text, contrasts=("corpus", "draw")), archives)


def test_two_layers_of_one_model_are_no_draw_of_the_same_units(tmp_path: Path) -> None:
    layers = [make_archive(tmp_path / str(layer), seed=layer, first=(layer, 0)) for layer in (0, 1)]
    first, second = (
        harvest_otherwise(
            archive, tmp_path / f"of {archive.path.name}", model__weights_sha256="1" * 64, model__n_layers=2
        )
        for archive in layers
    )
    require_comparable(design_of(first, second), by_digest(first, second))


def test_an_archive_of_another_site_than_its_arm_s_is_refused_with_the_line_to_write(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    latents = harvest_otherwise(fig_archive, tmp_path / "latents", site="callable")
    design = design_of(plum_archive, fig_archive)
    arms = (design.arms[0], design.arms[1].model_copy(update={"archive_sha256": latents.sha256}))
    sentence = r'“quokka” .* read at mlp\.act, .* at callable\. Write site = "callable" .* \[\[arms\]\] number 2'
    with pytest.raises(DesignError, match=sentence):
        require_comparable(design.with_changes(arms=arms), by_digest(plum_archive, latents))


@pytest.mark.parametrize(
    "changes",
    [
        {"corpus__sha256": "c" * 64, "corpus__spec": HOSTILE},
        {"dtype": HOSTILE},
        {"groups": {"top": 400, HOSTILE: 5}},
        {"reading": ReadingRecord(read_by="hook", place=HOSTILE, model_weights_sha256="1" * 64)},
        {"model__tokenizer_sha256": "d" * 64, "model__name": HOSTILE},
    ],
    ids=["corpus", "arithmetic", "groups", "place", "model"],
)
def test_hostile_words_of_a_manifest_stay_in_one_short_line(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path, changes: dict[str, object]
) -> None:
    hostile = harvest_otherwise(fig_archive, tmp_path / "hostile", **changes)
    with pytest.raises(DesignError) as refusal:
        require_comparable(design_of(plum_archive, hostile), by_digest(plum_archive, hostile))
    assert "a<U+000A>b<U+202E>x" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 700


def test_a_hostile_site_of_an_archive_stays_in_one_short_line(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    hostile = harvest_otherwise(fig_archive, tmp_path / "hostile", site=HOSTILE)
    design = design_of(plum_archive, fig_archive)
    arms = (design.arms[0], design.arms[1].model_copy(update={"archive_sha256": hostile.sha256}))
    with pytest.raises(DesignError) as refusal:
        require_comparable(design.with_changes(arms=arms), by_digest(plum_archive, hostile))
    assert "\n" not in str(refusal.value)
    assert len(str(refusal.value)) < 700


def test_items_do_not_depend_on_site_and_unit_of_an_arm_and_are_drawn_again(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    latents = harvest_otherwise(fig_archive, tmp_path / "latents", site="sae:res-0")
    archives = by_digest(plum_archive, latents)
    design = design_of(plum_archive, latents, contrasts=("site",))
    assert [cell.unit for cell in design.arms] == ["neuron", "latent"]
    prepared = prepare_round(design, archives, SEED)
    otherwise = tuple(cell.model_copy(update={"unit": "thing"}) for cell in design.arms)
    assert prepare_round(design.with_changes(arms=otherwise), archives, SEED) == prepared
    assert prepare_round(swap_arms(design), archives, SEED).items == prepared.items
    contents = [item.content() for item in prepared.items]
    assert (
        redraw_differences(design, SealContent.to_seal(prepared.allocation, SEED, "0a" * 32), contents, archives) == []
    )


def test_archives_agree_in_groups_whatever_the_number_of_snippets_that_they_came_to(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    counts = {group: max(count // 2, 1) for group, count in fig_archive.manifest.groups.items()}
    fewer = harvest_otherwise(fig_archive, tmp_path / "fewer", groups=counts | {"contrast": 0})
    require_comparable(design_of(plum_archive, fewer), by_digest(plum_archive, fewer))


def test_archives_agree_if_the_units_of_one_have_no_contrast_snippet(
    plum_archive: Archive, fig_archive: Archive, tmp_path: Path
) -> None:
    groups = fig_archive.manifest.groups | {"contrast": 5}
    more = harvest_otherwise(fig_archive, tmp_path / "more", groups=groups)
    require_comparable(design_of(plum_archive, more), by_digest(plum_archive, more))
