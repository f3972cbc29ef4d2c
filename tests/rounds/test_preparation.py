from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from app.archive.archive import Archive
from app.foundation.digest import canonical_bytes
from app.foundation.errors import DesignError
from app.rounds.design import Cell, Design
from app.rounds.preparation import prepare_round, require_drawable
from app.rounds.randomness import SecretRandom
from app.rounds.sampling import draw_neurons, quotas_by_layer
from tests.rounds.making import make_archive

SEED = "5e" * 32
SEEDS = st.integers(0, 2**64).map(lambda number: f"{number:064x}")


def swapped(design: Design) -> Design:
    other = {"quokka": "axolotl", "axolotl": "quokka"}
    cells = [cell.model_copy(update={"arm": other[cell.arm]}) for cell in design.arms]
    return design.with_changes(arms=cells)


def test_the_draw_has_the_design_s_counts_and_the_dead_are_counted_and_not_shown(
    design: Design, archives: dict[str, Archive]
) -> None:
    prepared = prepare_round(design, archives, SEED)
    for counts in prepared.allocation.cells:
        assert counts.drawn == 10
        assert counts.shown + counts.dead == 10
        assert counts.frame == 24
        of_arm = [line for line in prepared.allocation.items if line.arm == counts.arm]
        assert len(of_arm) == counts.shown
        dead = {one.index for one in archives[counts.archive_sha256].neurons() if one.dead}
        assert dead.isdisjoint(line.neuron for line in of_arm)
        assert {index for _, index in counts.dead_neurons} <= dead
    assert [item.code for item in prepared.items] == [line.item for line in prepared.allocation.items]


def test_nothing_in_an_item_names_an_arm_a_model_or_a_neuron(design: Design, archives: dict[str, Archive]) -> None:
    shown = b"".join(canonical_bytes(item.content()) for item in prepare_round(design, archives, SEED).items)
    for canary in (b"quokka", b"axolotl", b"model 1", b"gelu", b"1L/0", *(digest.encode() for digest in archives)):
        assert canary not in shown


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(seed=SEEDS)
def test_swapping_the_arms_changes_no_byte_of_any_item(seed: str, design: Design, archives: dict[str, Archive]) -> None:
    here, there = prepare_round(design, archives, seed), prepare_round(swapped(design), archives, seed)
    assert [item.content() for item in here.items] == [item.content() for item in there.items]
    assert here.distances == there.distances
    other = {"quokka": "axolotl", "axolotl": "quokka"}
    mirrored = [replace(line, arm=other[line.arm]) for line in there.allocation.items]
    assert list(here.allocation.items) == mirrored


def test_another_seed_draws_other_neurons_codes_and_orders(design: Design, archives: dict[str, Archive]) -> None:
    here, there = prepare_round(design, archives, SEED), prepare_round(design, archives, "6f" * 32)
    assert {item.code for item in here.items}.isdisjoint(item.code for item in there.items)
    assert here.allocation != there.allocation


def test_two_arms_of_one_archive_never_share_a_neuron(plum_archive: Archive, design: Design) -> None:
    cells = [cell.model_copy(update={"archive_sha256": plum_archive.sha256}) for cell in design.arms]
    both = design.with_changes(arms=cells)
    lines = prepare_round(both, {plum_archive.sha256: plum_archive}, SEED).allocation.items
    assert len({(line.layer, line.neuron) for line in lines}) == len(lines)


def test_a_round_larger_than_its_frame_is_refused_with_the_count(design: Design, archives: dict[str, Archive]) -> None:
    large = design.with_changes(neurons=25)
    with pytest.raises(
        DesignError, match=r"A round of 25 neurons per arm .* arm “quokka” in 1L/0 has only 24 eligible"
    ):
        require_drawable(large, archives, SEED)


def test_an_archive_that_was_not_given_is_asked_for(design: Design) -> None:
    with pytest.raises(DesignError, match="was not given"):
        require_drawable(design, {}, SEED)


def test_a_layer_that_is_not_there_is_refused(design: Design, archives: dict[str, Archive]) -> None:
    with pytest.raises(DesignError, match=r"Layer 3 is named, but this model's last is 0"):
        require_drawable(design.with_changes(layers=[3]), archives, SEED)


def test_another_site_is_refused(design: Design, archives: dict[str, Archive]) -> None:
    with pytest.raises(DesignError, match=r"harvested at mlp.act"):
        require_drawable(design.with_changes(site="mlp.pre"), archives, SEED)


def test_neurons_with_too_few_marks_leave_the_frame(tmp_path_factory: pytest.TempPathFactory) -> None:
    faint = make_archive(tmp_path_factory.mktemp("faint") / "faint", seed=3, positive=4, width=8, dead=1)
    cells = [Cell(arm=arm, archive_sha256=faint.sha256) for arm in ("p", "q")]
    small = {"title": "Any", "arms": cells, "reference": "p", "neurons": 2}
    counts = prepare_round(Design.from_values(small), {faint.sha256: faint}, SEED).allocation.cells
    assert [one.excluded for one in counts] == [0, 0]
    with pytest.raises(DesignError, match="has only 1 eligible"):
        require_drawable(Design.from_values(small | {"marks": "rank"}), {faint.sha256: faint}, SEED)


def test_a_draw_by_layer_takes_from_every_layer(tmp_path_factory: pytest.TempPathFactory) -> None:
    deep = make_archive(tmp_path_factory.mktemp("deep") / "deep", seed=4, layers=3, width=8, dead=1)
    cells = [Cell(arm=arm, archive_sha256=deep.sha256) for arm in ("p", "q")]
    design = Design.from_values(
        {"title": "Any", "arms": cells, "reference": "p", "neurons": 4, "by_layer": "stratified"}
    )
    for counts in prepare_round(design, {deep.sha256: deep}, SEED).allocation.cells:
        assert [(one.layer, one.eligible, one.drawn) for one in counts.layers] == [
            (0, 8, 2),
            (1, 8, 1),
            (2, 8, 1),
        ]


def test_the_draw_is_uniform_over_ten_thousand_small_rounds(plum_archive: Archive) -> None:
    frame = plum_archive.neurons()[:6]
    seen: Counter[tuple[int, ...]] = Counter()
    for number in range(10_000):
        drawn = draw_neurons(frame, 2, set, SecretRandom(f"{number:064x}", "draw"))
        seen[tuple(sorted(one.index for one in drawn.neurons))] += 1
    assert len(seen) == 15
    assert chisquare(list(seen.values())).pvalue > 0.001


def test_passing_over_unsuitable_neurons_leaves_the_rest_uniform(plum_archive: Archive) -> None:
    frame = plum_archive.neurons()[2:8]
    seen: Counter[int] = Counter()
    for number in range(3000):
        drawn = draw_neurons(
            frame, 1, lambda keys: {key for key in keys if key[1] != 4}, SecretRandom(f"{number:064x}", "d")
        )
        assert drawn.examined == len(drawn.neurons) + drawn.excluded
        seen[drawn.neurons[0].index] += 1
    assert 4 not in seen
    assert chisquare([seen[index] for index in (2, 3, 5, 6, 7)]).pvalue > 0.001


@given(st.dictionaries(st.integers(0, 9), st.integers(1, 500), min_size=1), st.integers(1, 200))
def test_quotas_add_up_and_are_within_one_of_proportional(sizes: dict[int, int], wanted: int) -> None:
    shares = quotas_by_layer(sizes, wanted)
    assert sum(shares.values()) == wanted
    total = sum(sizes.values())
    assert all(abs(shares[layer] - wanted * size / total) < 1 for layer, size in sizes.items())
