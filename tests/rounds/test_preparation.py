from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.archive.archive import Archive
from app.foundation.digest import canonical_bytes
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.preparation import prepare_round, require_drawable
from tests.rounds.small_archives import make_archive
from tests.rounds.swapped_arms import OTHER_ARM, swap_arms

SEED = "5e" * 32
SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


def two_cells(archive: Archive, **changes: object) -> Design:
    """A design of two arms whose neurons come from the same archive."""
    cells = [Cell(arm=arm, archive_sha256=archive.sha256) for arm in ("p", "q")]
    return Design.from_values({"title": "Any", "arms": cells, "reference": "p", **changes})


def test_the_draw_has_the_design_s_counts_and_the_dead_are_counted_and_not_shown(
    design: Design, archives: dict[str, Archive]
) -> None:
    prepared = prepare_round(design, archives, SEED)
    for cell in prepared.allocation.cells:
        assert (cell.drawn, cell.shown + cell.dead, cell.frame) == (10, 10, 24)
        shown = [allocated for allocated in prepared.allocation.items if allocated.arm == cell.arm]
        assert len(shown) == cell.shown
        dead = {neuron.index for neuron in archives[cell.archive_sha256].neurons() if neuron.dead}
        assert dead.isdisjoint(allocated.neuron for allocated in shown)
        assert {index for _, index in cell.dead_neurons} <= dead
    assert [item.code for item in prepared.items] == [allocated.item for allocated in prepared.allocation.items]


def test_nothing_in_an_item_names_an_arm_a_model_or_a_neuron(design: Design, archives: dict[str, Archive]) -> None:
    shown = b"".join(canonical_bytes(item.content()) for item in prepare_round(design, archives, SEED).items)
    for canary in (b"quokka", b"axolotl", b"model 1", b"gelu", b"1L/0", *(digest.encode() for digest in archives)):
        assert canary not in shown


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=SEEDS)
def test_swapping_the_arms_changes_no_byte_of_any_item(seed: str, design: Design, archives: dict[str, Archive]) -> None:
    prepared, swapped = prepare_round(design, archives, seed), prepare_round(swap_arms(design), archives, seed)
    assert [item.content() for item in swapped.items] == [item.content() for item in prepared.items]
    swapped_back = [replace(allocated, arm=OTHER_ARM[allocated.arm]) for allocated in swapped.allocation.items]
    assert swapped_back == list(prepared.allocation.items)


def test_another_seed_draws_other_neurons_codes_and_orders(design: Design, archives: dict[str, Archive]) -> None:
    prepared, redrawn = prepare_round(design, archives, SEED), prepare_round(design, archives, "6f" * 32)
    assert {item.code for item in prepared.items}.isdisjoint(item.code for item in redrawn.items)
    assert prepared.allocation != redrawn.allocation


def test_two_arms_of_one_archive_never_share_a_neuron(plum_archive: Archive) -> None:
    design = two_cells(plum_archive, neurons=10)
    items = prepare_round(design, {plum_archive.sha256: plum_archive}, SEED).allocation.items
    assert len({(allocated.layer, allocated.neuron) for allocated in items}) == len(items)


def test_a_round_larger_than_its_frame_is_refused_with_the_count(design: Design, archives: dict[str, Archive]) -> None:
    complaint = r"A round of 25 neurons per arm .* arm “quokka” in 1L/0 has only 24 eligible"
    with pytest.raises(DesignError, match=complaint):
        require_drawable(design.with_changes(neurons=25), archives, SEED)


def test_an_archive_that_was_not_given_is_asked_for(design: Design) -> None:
    with pytest.raises(DesignError, match="was not given"):
        require_drawable(design, {}, SEED)


def test_a_layer_that_the_model_does_not_have_is_refused(design: Design, archives: dict[str, Archive]) -> None:
    with pytest.raises(DesignError, match=r"Layer 3 is named, but this model's last is 0"):
        require_drawable(design.with_changes(layers=[3]), archives, SEED)


def test_another_site_is_refused(design: Design, archives: dict[str, Archive]) -> None:
    with pytest.raises(DesignError, match=r"harvested at mlp.act"):
        require_drawable(design.with_changes(site="mlp.pre"), archives, SEED)


def test_neurons_with_too_few_marks_leave_the_frame_where_marks_are_ranks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    faint = make_archive(tmp_path_factory.mktemp("faint") / "faint", seed=3, positive=4, width=8, dead=1)
    archives = {faint.sha256: faint}
    cells = prepare_round(two_cells(faint, neurons=2), archives, SEED).allocation.cells
    assert [cell.excluded for cell in cells] == [0, 0]
    with pytest.raises(DesignError, match="has only 1 eligible"):
        require_drawable(two_cells(faint, neurons=2, marks="rank"), archives, SEED)


def test_a_stratified_draw_takes_neurons_from_every_layer(tmp_path_factory: pytest.TempPathFactory) -> None:
    deep = make_archive(tmp_path_factory.mktemp("deep") / "deep", seed=4, layers=3, width=8, dead=1)
    design = two_cells(deep, neurons=4, by_layer="stratified")
    for cell in prepare_round(design, {deep.sha256: deep}, SEED).allocation.cells:
        counts = [(count.layer, count.eligible, count.drawn) for count in cell.layers]
        assert counts == [(0, 8, 2), (1, 8, 1), (2, 8, 1)]


@pytest.mark.parametrize(
    ("groups", "sentence"),
    [
        (
            {"top": 30},
            "keeps 20 of the group top for each and the design shows 30. Harvest again with `harvest --top 30` or show "
            "fewer, in groups of the design.",
        ),
        (
            {"top": 5, "quantile": 2},
            "keeps 0 of the group quantile for each and the design shows 2. Harvest again without --top-only or show "
            "fewer, in groups of the design.",
        ),
    ],
)
def test_an_archive_with_fewer_snippets_than_the_design_shows_is_named_as_the_reason(
    design: Design, archives: dict[str, Archive], groups: JsonObject, sentence: str
) -> None:
    latents = tuple(cell.model_copy(update={"unit": "latent"}) for cell in design.arms)
    with pytest.raises(DesignError, match=r"^A round of 10 latents per arm cannot be drawn") as refusal:
        prepare_round(design.with_changes(groups=groups, arms=latents), archives, SEED)
    assert str(refusal.value).endswith(sentence)
    assert "Ask for fewer" not in str(refusal.value)


def test_an_archive_with_enough_snippets_has_too_few_units(design: Design, archives: dict[str, Archive]) -> None:
    latents = tuple(cell.model_copy(update={"unit": "latent"}) for cell in design.arms)
    with pytest.raises(DesignError, match=r"eligible\. Ask for fewer latents, name more layers or harvest more text"):
        prepare_round(design.with_changes(neurons=30, arms=latents), archives, SEED)
