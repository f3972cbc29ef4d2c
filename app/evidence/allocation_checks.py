"""Whether an opened allocation can be that of a draw: each item once, and counts that agree with one another. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence

from app.foundation.typography import shortened
from app.rounds.allocation import AllocatedCell, Allocation


def allocation_problems(allocation: Allocation, codes: Sequence[str]) -> Iterator[str]:
    """A sentence for everything that no draw can give; `codes` are those of the round's items."""
    allocated = [item.item for item in allocation.items]
    twice = _names_of_repeats(allocated)
    if twice:
        yield f"The allocation has these items more than once: {_short_list(twice)}."
    differing = sorted(set(allocated) ^ set(codes))
    if differing:
        yield f"The allocation and the round do not have the same items: {_short_list(differing)}."
    cells = [f"{cell.arm} in {cell.stratum}" for cell in allocation.cells]
    if _names_of_repeats(cells):
        yield f"The allocation has these cells more than once: {_short_list(_names_of_repeats(cells))}."
    shown = Counter((item.arm, item.stratum) for item in allocation.items if item.is_neuron)
    strangers = sorted(f"{arm} in {stratum}" for arm, stratum in shown if f"{arm} in {stratum}" not in cells)
    if strangers:
        yield f"The allocation has items of cells that were never drawn: {_short_list(strangers)}."
    for name, cell in zip(cells, allocation.cells, strict=True):
        if not _is_countable(cell, shown[cell.arm, cell.stratum]):
            counts = f"The counts of {shortened(name)} in the allocation"
            yield f"{counts} contradict one another, so they are those of no draw."


def _short_list(names: Sequence[str]) -> str:
    """Names in a sentence: an allocation that somebody changed may have any."""
    return ", ".join(map(shortened, names))


def _is_countable(cell: AllocatedCell, neuron_items: int) -> bool:
    """Whether the counts of a cell can be those of one draw, which shows this many items."""
    counts = (cell.frame, cell.frame_dead, cell.examined, cell.excluded, cell.eligible, cell.drawn, cell.dead)
    layer_counts = [count for layer in cell.layers for count in (layer.layer, layer.eligible, layer.drawn, layer.dead)]
    return (
        min(*counts, cell.shown, cell.suppressed, *layer_counts) >= 0
        and cell.drawn == cell.dead + cell.shown
        and cell.shown == neuron_items
        and cell.dead == len(set(cell.dead_neurons)) == len(cell.dead_neurons)
        and cell.drawn <= cell.eligible <= cell.frame
        and cell.frame_dead <= cell.frame
        and _do_layers_add_up(cell)
    )


def _do_layers_add_up(cell: AllocatedCell) -> bool:
    """Whether the layers' counts give those of the cell; a seal may list none."""
    if not cell.layers:
        return True
    drawn, dead = (sum(counts) for counts in zip(*((layer.drawn, layer.dead) for layer in cell.layers), strict=True))
    return (drawn, dead) == (cell.drawn, cell.dead)


def _names_of_repeats(names: Sequence[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)
