"""A round drawn again from its archives: a draw agrees with itself, and every choice by hand is named."""

from dataclasses import replace
from typing import Any

import pytest

from app.archive.archive import Archive
from app.rounds.allocation import AllocatedItem, Allocation, SealContent
from app.rounds.comparability import with_harvests
from app.rounds.design import Design
from app.rounds.preparation import prepare_round
from app.rounds.redraw import left_out_reservation, redraw_differences
from app.tasks.item import ItemContent

SEED = "5e" * 32


def sealed_round(design: Design, archives: dict[str, Archive]) -> tuple[SealContent, list[ItemContent]]:
    prepared = prepare_round(design, archives, SEED)
    content = SealContent.to_seal(prepared.allocation, SEED, "0a" * 32)
    return content, [item.content() for item in prepared.items]


def reseal(content: SealContent, items: dict[str, AllocatedItem], **cell_changes: Any) -> SealContent:
    """The content with other allocated items, and other counts in the first cell, as somebody would rewrite it."""
    cells = content.allocation.cells
    cells = (replace(cells[0], **cell_changes), *cells[1:])
    allocation = Allocation(tuple(items[code] for code in sorted(items)), cells)
    return SealContent.to_seal(allocation, content.seed, content.nonce, content.draw, content.left_out)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"controls": {"planted": 2, "ladder": [0.7], "per_step": 1}, "training": 2, "repeats": 3, "repeat_distance": 3},
        {"by_layer": "stratified"},
    ],
)
def test_a_round_agrees_with_its_own_draw(
    design: Design, archives: dict[str, Archive], changes: dict[str, object]
) -> None:
    changed = design.from_values(design.with_changes(neurons=6).model_dump() | changes)
    content, items = sealed_round(changed, archives)
    assert redraw_differences(changed, content, items, archives) == []


def test_neurons_chosen_by_hand_are_named_with_their_cell(design: Design, archives: dict[str, Archive]) -> None:
    content, items = sealed_round(design, archives)
    by_code = dict(content.allocation.by_code)
    code = next(code for code, allocated in by_code.items() if allocated.arm == "quokka")
    digest = next(cell.archive_sha256 for cell in design.arms if cell.arm == "quokka")
    drawn = {allocated.neuron for allocated in by_code.values() if allocated.arm == "quokka"}
    spare = next(n.index for n in archives[digest].neurons() if not n.dead and n.index not in drawn)
    replaced = by_code[code].neuron
    by_code[code] = replace(by_code[code], neuron=spare)
    problems = redraw_differences(design, reseal(content, by_code), items, archives)
    assert f"Cell quokka in 1L/0: neuron {spare} of layer 0 was sealed, but not drawn (1 such neurons)." in problems
    assert f"Cell quokka in 1L/0: neuron {replaced} of layer 0 was drawn, but not sealed (1 such neurons)." in problems


def test_a_count_that_was_changed_is_named(design: Design, archives: dict[str, Archive]) -> None:
    content, items = sealed_round(design, archives)
    before = content.allocation.cells[0].dead
    changed = reseal(content, content.allocation.by_code, dead=before + 3)
    (problem,) = redraw_differences(design, changed, items, archives)
    assert problem == f"Cell quokka in 1L/0: dead is {before + 3} in the seal and {before} in the draw."


def test_an_item_with_other_passages_is_named(design: Design, archives: dict[str, Archive]) -> None:
    content, items = sealed_round(design, archives)
    items[0]["passages"].reverse()
    (problem,) = redraw_differences(design, content, items, archives)
    assert problem == f"Item {items[0]['code']} does not show the passages that were drawn for it."


def test_another_seed_and_a_code_that_was_not_drawn_are_named(design: Design, archives: dict[str, Archive]) -> None:
    content, items = sealed_round(design, archives)
    other_seed = SealContent.to_seal(content.allocation, "6f" * 32, content.nonce)
    problems = redraw_differences(design, other_seed, items, archives)
    assert any("was sealed, but not drawn" in problem and problem.startswith("Cell") for problem in problems)
    assert any(problem.startswith("Item") and "codes differ" in problem for problem in problems)
    assert any("do not have the same codes" in problem for problem in problems)


def test_neurons_left_out_for_evaluators_who_are_not_named_are_a_difference(
    design: Design, archives: dict[str, Archive]
) -> None:
    unwanted = frozenset({(design.arms[0].archive_sha256, 0, 5)})
    prepared = prepare_round(design, archives, SEED, unwanted)
    content = SealContent.to_seal(prepared.allocation, SEED, "0a" * 32, None, unwanted)
    items = [item.content() for item in prepared.items]
    (problem,) = redraw_differences(design, content, items, archives)
    assert "leaves out 1 neurons as seen by named evaluators" in problem
    named = design.with_changes(named=["Ada"])
    assert redraw_differences(named, content, items, archives) == []
    assert "1 neuron was left out because Ada had seen it" in left_out_reservation(named, content)
    assert left_out_reservation(named, sealed_round(design, archives)[0]) == ""


def test_a_seed_that_is_none_is_a_difference_and_no_error(design: Design, archives: dict[str, Archive]) -> None:
    content, items = sealed_round(design, archives)
    broken = SealContent.to_seal(content.allocation, "seed", content.nonce)
    (problem,) = redraw_differences(design, broken, items, archives)
    assert problem.startswith("The sealed seed draws no round")


def test_a_harvest_that_the_design_tells_otherwise_than_its_archive_is_named(
    design: Design, archives: dict[str, Archive]
) -> None:
    told = with_harvests(design, archives)
    content, items = sealed_round(told, archives)
    assert redraw_differences(told, content, items, archives) == []
    harvest = told.arms[0].harvest
    assert harvest is not None
    forged_cell = told.arms[0].model_copy(update={"harvest": harvest.model_copy(update={"corpus": "a\nnother text"})})
    forged = told.with_changes(arms=(forged_cell, *told.arms[1:]))
    assert redraw_differences(forged, content, items, archives) == [
        "Cell quokka in 1L/0: corpus of its harvest is a<U+000A>nother text in the design and by hand in the archive."
    ]


def test_differences_call_units_by_the_word_of_their_arm(design: Design, archives: dict[str, Archive]) -> None:
    latents = design.with_changes(arms=tuple(cell.model_copy(update={"unit": "latent"}) for cell in design.arms))
    content, items = sealed_round(latents, archives)
    by_code = dict(content.allocation.by_code)
    code = next(iter(by_code))
    by_code[code] = replace(by_code[code], neuron=23 - by_code[code].neuron)
    problems = " ".join(redraw_differences(latents, reseal(content, by_code), items, archives))
    assert "such latents)" in problems
    assert "neuron " not in problems.replace("its neuron is", "")
