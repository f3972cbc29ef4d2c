"""Draws of the neurons of every cell, and the counts that are sealed with them. Pure.

Everything is drawn in the order of archives, never of arms or their names, so that swapping the arms changes nothing
but the allocation.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from app.archive.archive import Archive
from app.archive.neuron import NeuronStatistics
from app.foundation.errors import DesignError
from app.rounds.allocation import AllocatedCell, CellModel, LayerCount
from app.rounds.archive_frame import ArchiveFrame
from app.rounds.cell import Cell
from app.rounds.design import Design
from app.rounds.frame_draws import FrameDraw, draw_neurons, quotas_by_layer
from app.rounds.randomness import SecretRandom


@dataclass(frozen=True)
class CellDraw:
    """The neurons of one cell: its share of what was drawn from its archive."""

    cell: Cell
    neurons: tuple[NeuronStatistics, ...]
    excluded: int
    """Live neurons of the archive passed over because the design cannot show them."""
    examined: int
    """Neurons of the archive looked at."""

    @property
    def live_neurons(self) -> list[NeuronStatistics]:
        """The drawn neurons that are shown: the live ones."""
        return [neuron for neuron in self.neurons if not neuron.dead]


@dataclass(frozen=True)
class SharedDraw:
    """One draw from a frame, or from one of its layers, for several cells with `neurons_per_cell` neurons each."""

    neurons_per_cell: int
    frame_draw: FrameDraw


def draw_cells(design: Design, frames: Mapping[str, ArchiveFrame], seed: str) -> list[CellDraw]:
    """Each cell's neurons, in the design's order of cells. Cells of one archive share its draw, so none repeats."""
    cell_draws = {}
    for digest, archive_frame in frames.items():
        cells = cells_of_archive(design, digest)
        shared = _shared_draws(design, archive_frame, len(cells), SecretRandom(seed, f"draw {digest}"))
        for index, cell in enumerate(cells):
            _require_enough(design, cell, shared, len(cells), archive_frame.archive)
            cell_draws[cell] = _share_of_cell(cell, index, shared)
    return [cell_draws[cell] for cell in design.arms]


def cells_of_archive(design: Design, digest: str) -> list[Cell]:
    """The cells whose neurons come from one archive."""
    cells = [cell for cell in design.arms if cell.archive_sha256 == digest]
    return sorted(cells, key=lambda cell: (cell.stratum, cell.arm))


def allocated_cell(cell_draw: CellDraw, archive_frame: ArchiveFrame) -> AllocatedCell:
    """The counts of one cell that are sealed."""
    cell, model = cell_draw.cell, archive_frame.archive.manifest.model
    frame_neurons = archive_frame.frame_neurons
    dead = [neuron for neuron in cell_draw.neurons if neuron.dead]
    layers = sorted({neuron.layer for neuron in frame_neurons})
    return AllocatedCell(
        arm=cell.arm,
        stratum=cell.stratum,
        archive_sha256=cell.archive_sha256,
        frame=len(frame_neurons),
        frame_dead=sum(neuron.dead for neuron in frame_neurons),
        examined=cell_draw.examined,
        excluded=cell_draw.excluded + archive_frame.seen_count,
        eligible=len(frame_neurons) - cell_draw.excluded,
        drawn=len(cell_draw.neurons),
        dead=len(dead),
        shown=len(cell_draw.live_neurons),
        suppressed=sum(neuron.suppressed for neuron in cell_draw.neurons),
        layers=tuple(_layer_count(layer, cell_draw, frame_neurons) for layer in layers),
        dead_neurons=tuple(sorted((neuron.layer, neuron.index) for neuron in dead)),
        model=CellModel(model.activation, model.certificate, model.name, model.weights_sha256),
    )


def _shared_draws(design: Design, archive_frame: ArchiveFrame, cell_count: int, generator: Random) -> list[SharedDraw]:
    """One draw from the whole frame or, in a stratified design, one draw from each layer."""
    frame_neurons, showable = archive_frame.frame_neurons, archive_frame.showable
    if design.by_layer == "simple":
        frame_draw = draw_neurons(frame_neurons, design.neurons * cell_count, showable, generator)
        return [SharedDraw(design.neurons, frame_draw)]
    layers = sorted({neuron.layer for neuron in frame_neurons})
    by_layer = {layer: [neuron for neuron in frame_neurons if neuron.layer == layer] for layer in layers}
    quotas = quotas_by_layer({layer: len(neurons) for layer, neurons in by_layer.items()}, design.neurons)
    return [
        SharedDraw(quotas[layer], draw_neurons(by_layer[layer], quotas[layer] * cell_count, showable, generator))
        for layer in layers
    ]


def _share_of_cell(cell: Cell, index: int, shared: Sequence[SharedDraw]) -> CellDraw:
    """The neurons that the draws hold for the archive's cell number `index`, counted from 0."""
    neurons: list[NeuronStatistics] = []
    for draw in shared:
        neurons += draw.frame_draw.neurons[index * draw.neurons_per_cell : (index + 1) * draw.neurons_per_cell]
    excluded = sum(draw.frame_draw.excluded for draw in shared)
    examined = sum(draw.frame_draw.examined for draw in shared)
    return CellDraw(cell, tuple(neurons), excluded, examined)


def _require_enough(
    design: Design, cell: Cell, shared: Sequence[SharedDraw], cell_count: int, archive: Archive
) -> None:
    within = "in a layer " if design.by_layer == "stratified" else ""
    units = design.unit_words.of_arm(cell.arm)
    for draw in shared:
        eligible, needed = len(draw.frame_draw.neurons), draw.neurons_per_cell * cell_count
        if eligible < needed:
            shortage = _shortage_of_snippets(design, archive) if draw.frame_draw.excluded else ""
            msg = (
                f"A round of {needed} {units} per arm {within}cannot be drawn: the frame of arm “{cell.arm}” in "
                f"{cell.stratum} has only {eligible} eligible"
                + (shortage or f". Ask for fewer {units}, name more layers or harvest more text.")
            )
            raise DesignError(msg)


def _shortage_of_snippets(design: Design, archive: Archive) -> str:
    """That the archive keeps fewer snippets than the design shows, and what helps; empty if it keeps enough."""
    manifest = archive.manifest
    for group, count in sorted(design.groups.items()):
        kept = manifest.k if group == "top" else manifest.groups.get(group, 0) // max(manifest.counts.live, 1)
        if kept < count:
            options = f"with `harvest --top {count}`" if group == "top" else "without --top-only"
            remedies = [f"harvest again {options}"] if group == "top" or not kept else []
            remedy = " or ".join([*remedies, "show fewer, in groups of the design"])
            return (
                f", because its archive keeps {kept} of the group {group} for each and the design shows {count}. "
                f"{remedy[0].upper()}{remedy[1:]}."
            )
    return ""


def _layer_count(layer: int, cell_draw: CellDraw, frame_neurons: Sequence[NeuronStatistics]) -> LayerCount:
    drawn = [neuron for neuron in cell_draw.neurons if neuron.layer == layer]
    eligible = sum(neuron.layer == layer for neuron in frame_neurons)
    return LayerCount(layer, eligible, len(drawn), sum(neuron.dead for neuron in drawn))
