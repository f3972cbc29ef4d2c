"""Draw a sealed round again from its archives, and name what differs from what was sealed. Pure.

A draw is a function of design, archives, seed and the neurons that were left out. So a round whose neurons somebody
picked by hand differs from its own draw, however consistently its digests were rewritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

from app.foundation.errors import DesignError
from app.foundation.typography import shortened
from app.rounds.allocation import AllocatedCell, AllocatedItem, SealContent
from app.rounds.archive_frame import Archives
from app.rounds.comparability import harvest_differences
from app.rounds.design import Design
from app.rounds.preparation import PreparedRound, prepare_round
from app.tasks.item import ItemContent


def redraw_differences(
    design: Design, seal_content: SealContent, item_contents: Sequence[ItemContent], archives: Archives
) -> list[str]:
    """One sentence for the first difference of each kind between a sealed round and its draw; empty if they agree.

    `archives` are by digest and hold those of the design; callers have verified their files.
    """
    problems = [*_left_out_problems(design, seal_content), *harvest_differences(design, archives)]
    try:
        redrawn = prepare_round(design, archives, seal_content.seed, frozenset(seal_content.left_out))
    except (DesignError, ValueError) as error:
        return [*problems, f"The sealed seed draws no round from these archives: {error}"]
    allocation = seal_content.allocation
    problems += _cell_differences(allocation.cells, redrawn.allocation.cells)
    problems += _neuron_differences(design, allocation.by_code, redrawn.allocation.by_code)
    problems += _allocation_differences(allocation.by_code, redrawn.allocation.by_code)
    problems += _item_differences(item_contents, redrawn)
    if problems and design.named and seal_content.version == 1:
        problems.append(
            "Version 0.1 sealed this round and did not record which neurons were left out because named evaluators had "
            "seen them, so the differences may come from that."
        )
    return problems


def left_out_reservation(design: Design, seal_content: SealContent) -> str:
    """A sentence on what a redraw takes on trust: which neurons were left out; empty if none were."""
    count = len(seal_content.left_out)
    if not count:
        return ""
    neurons, them = ("1 neuron was", "it") if count == 1 else (f"{count} neurons were", "them")
    neurons = design.unit_words.say(neurons)
    names = ", ".join(design.named)
    return f"{neurons} left out because {names} had seen {them}: nothing in the archives shows that."


def _left_out_problems(design: Design, seal_content: SealContent) -> list[str]:
    count = len(seal_content.left_out)
    if design.named or not count:
        return []
    sentence = f"The seal leaves out {count} neurons as seen by named evaluators, but the design names no evaluator."
    return [design.unit_words.say(sentence)]


def _cell_differences(sealed_cells: Sequence[AllocatedCell], redrawn_cells: Sequence[AllocatedCell]) -> Iterator[str]:
    """The first count of each cell that differs."""
    if [(cell.arm, cell.stratum) for cell in sealed_cells] != [(cell.arm, cell.stratum) for cell in redrawn_cells]:
        yield "The sealed cells are not those of the design."
        return
    for sealed_cell, redrawn_cell in zip(sealed_cells, redrawn_cells, strict=True):
        name = _first_differing_field(sealed_cell, redrawn_cell)
        if name is not None:
            before, after = _value_text(sealed_cell, name), _value_text(redrawn_cell, name)
            yield f"{_cell_name(sealed_cell)}: {name} is {before} in the seal and {after} in the draw."


def _neuron_differences(
    design: Design, sealed_items: Mapping[str, AllocatedItem], redrawn_items: Mapping[str, AllocatedItem]
) -> Iterator[str]:
    """The first neuron of each cell that was sealed and not drawn, and the first that was drawn and not sealed."""
    for cell in design.arms:
        sealed_neurons = _neurons_of_cell(sealed_items, cell.arm, cell.stratum)
        redrawn_neurons = _neurons_of_cell(redrawn_items, cell.arm, cell.stratum)
        name = f"Cell {shortened(cell.arm)} in {shortened(cell.stratum)}"
        unit, units = design.unit_words.word_of(cell.arm), design.unit_words.of_arm(cell.arm)
        picked, omitted = sealed_neurons - redrawn_neurons, redrawn_neurons - sealed_neurons
        if picked:
            layer, index = min(picked)
            yield f"{name}: {unit} {index} of layer {layer} was sealed, but not drawn ({len(picked)} such {units})."
        if omitted:
            layer, index = min(omitted)
            yield f"{name}: {unit} {index} of layer {layer} was drawn, but not sealed ({len(omitted)} such {units})."


def _allocation_differences(
    sealed_items: Mapping[str, AllocatedItem], redrawn_items: Mapping[str, AllocatedItem]
) -> Iterator[str]:
    """The first code that only one of the two has, and the first item that is allocated to something else."""
    unmatched = sorted(sealed_items.keys() ^ redrawn_items.keys())
    if unmatched:
        code = unmatched[0]
        where = "sealed, but not drawn" if code in sealed_items else "drawn, but not sealed"
        yield f"Item {shortened(code)} was {where} ({len(unmatched)} codes differ)."
    differing = [
        code for code in sorted(sealed_items.keys() & redrawn_items.keys()) if sealed_items[code] != redrawn_items[code]
    ]
    if differing:
        code = differing[0]
        name = _first_differing_field(sealed_items[code], redrawn_items[code])
        before, after = _value_text(sealed_items[code], str(name)), _value_text(redrawn_items[code], str(name))
        count, code = len(differing), shortened(code)
        yield f"Item {code}: its {name} is {before} in the seal and {after} in the draw ({count} such items)."


def _item_differences(item_contents: Sequence[ItemContent], redrawn: PreparedRound) -> Iterator[str]:
    """The first item whose passages are not those of its draw."""
    drawn_contents = {item.code: item.content() for item in redrawn.items}
    shown_contents = {content["code"]: content for content in item_contents}
    unmatched = sorted(shown_contents.keys() ^ drawn_contents.keys())
    if unmatched:
        first = shortened(unmatched[0])
        yield f"The list of items and the draw do not have the same codes; the first that differs is {first}."
    for code in sorted(shown_contents.keys() & drawn_contents.keys()):
        if shown_contents[code] != drawn_contents[code]:
            yield f"Item {shortened(code)} does not show the passages that were drawn for it."
            return


def _neurons_of_cell(by_code: Mapping[str, AllocatedItem], arm: str, stratum: str) -> set[tuple[int, int]]:
    """(layer, index) of the shown neurons of one cell."""
    return {
        (allocated.layer, allocated.neuron)
        for allocated in by_code.values()
        if allocated.is_neuron and (allocated.arm, allocated.stratum) == (arm, stratum)
    }


def _first_differing_field(
    sealed_part: AllocatedCell | AllocatedItem, redrawn_part: AllocatedCell | AllocatedItem
) -> str | None:
    """The name of the first field in which two parts of an allocation differ; None if they are equal."""
    names = (field.name for field in fields(sealed_part))
    return next((name for name in names if getattr(sealed_part, name) != getattr(redrawn_part, name)), None)


def _value_text(part: AllocatedCell | AllocatedItem, name: str) -> str:
    """The value of a field as text, shortened."""
    return shortened(str(getattr(part, name)))


def _cell_name(cell: AllocatedCell) -> str:
    return f"Cell {shortened(cell.arm)} in {shortened(cell.stratum)}"
