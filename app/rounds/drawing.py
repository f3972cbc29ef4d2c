"""Dealing drawn neurons to cells, and the counts that are sealed with them. Pure.

Everything is drawn in the order of archives, never of arms or their names, so that swapping the arms changes nothing
but the allocation.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.archive.neuron import NeuronStatistics
from app.foundation.errors import DesignError
from app.rounds.candidates import ArchiveFrame
from app.rounds.design import Cell, Design
from app.rounds.randomness import SecretRandom
from app.rounds.sampling import FrameDraw, draw_neurons, quotas_by_layer


@dataclass(frozen=True)
class CellDraw:
    """One cell's share of a draw."""

    cell: Cell
    neurons: tuple[NeuronStatistics, ...]
    excluded: int
    examined: int

    @property
    def live(self) -> list[NeuronStatistics]:
        """Those that are shown."""
        return [one for one in self.neurons if not one.dead]


def draw_cells(design: Design, found: Mapping[str, ArchiveFrame], seed: str) -> list[CellDraw]:
    """Each cell's neurons, in the design's order of cells. Cells of one archive share one draw, so no neuron twice."""
    dealt = {}
    for digest, source in found.items():
        cells = cells_of_archive(design, digest)
        draws = _draws(design, source, len(cells), SecretRandom(seed, f"draw {digest}"))
        for place, cell in enumerate(cells):
            dealt[cell] = _share(design, cell, draws, place, len(cells))
    return [dealt[cell] for cell in design.arms]


def cells_of_archive(design: Design, digest: str) -> list[Cell]:
    """The cells whose neurons come from one archive."""
    return sorted((cell for cell in design.arms if cell.archive_sha256 == digest), key=lambda c: (c.stratum, c.arm))


def _draws(design: Design, source: ArchiveFrame, cells: int, random: SecretRandom) -> list[tuple[int, FrameDraw]]:
    """(neurons wanted per cell, what was drawn) for the frame, or for each layer of it."""
    if design.by_layer == "simple":
        return [(design.neurons, draw_neurons(source.frame, design.neurons * cells, source.fits, random))]
    layers = sorted({one.layer for one in source.frame})
    frames = {layer: [one for one in source.frame if one.layer == layer] for layer in layers}
    wanted = quotas_by_layer({layer: len(frame) for layer, frame in frames.items()}, design.neurons)
    return [
        (wanted[layer], draw_neurons(frames[layer], wanted[layer] * cells, source.fits, random)) for layer in layers
    ]


def _share(design: Design, cell: Cell, draws: Iterable[tuple[int, FrameDraw]], place: int, cells: int) -> CellDraw:
    neurons: list[NeuronStatistics] = []
    excluded = examined = 0
    for wanted, drawn in draws:
        if len(drawn.neurons) < wanted * cells:
            raise DesignError(_shortage(design, cell, len(drawn.neurons), wanted * cells))
        neurons += drawn.neurons[place * wanted : (place + 1) * wanted]
        excluded += drawn.excluded
        examined += drawn.examined
    return CellDraw(cell, tuple(neurons), excluded, examined)


def _shortage(design: Design, cell: Cell, eligible: int, wanted: int) -> str:
    within = "in a layer " if design.by_layer == "stratified" else ""
    return (
        f"A round of {wanted} neurons per arm {within}cannot be drawn: the frame of arm “{cell.arm}” in {cell.stratum} "
        f"has only {eligible} eligible. Ask for fewer neurons, name more layers or harvest more text."
    )


def cell_counts(share: CellDraw, source: ArchiveFrame) -> dict[str, Any]:
    """One cell's counts, sealed with the allocation because the dead are more in one arm than in another."""
    drawn_dead = [one for one in share.neurons if one.dead]
    return {
        "arm": share.cell.arm,
        "stratum": share.cell.stratum,
        "archive_sha256": share.cell.archive_sha256,
        "model": _model(source),
        "frame": len(source.frame),
        "frame_dead": sum(one.dead for one in source.frame),
        "examined": share.examined,
        "excluded": share.excluded + source.seen,
        "eligible": len(source.frame) - share.excluded,
        "drawn": len(share.neurons),
        "dead": len(drawn_dead),
        "shown": len(share.live),
        "suppressed": sum(one.suppressed for one in share.neurons),
        "dead_neurons": sorted([one.layer, one.index] for one in drawn_dead),
        "layers": [_layer(layer, share, source) for layer in sorted({one.layer for one in source.frame})],
    }


def _model(source: ArchiveFrame) -> dict[str, Any]:
    """What the archive says of its model, with the pairing certificate that the report quotes."""
    named = {"name", "activation", "weights_sha256", "certificate"}
    return source.archive.manifest.model.model_dump(mode="json", include=named)


def _layer(layer: int, share: CellDraw, source: ArchiveFrame) -> dict[str, int]:
    drawn = [one for one in share.neurons if one.layer == layer]
    return {
        "layer": layer,
        "eligible": sum(one.layer == layer for one in source.frame),
        "drawn": len(drawn),
        "dead": sum(one.dead for one in drawn),
    }
