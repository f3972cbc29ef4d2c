"""From a design, its archives and two secrets to items, allocation and distances: all that a seal closes over. Pure.

Everything is drawn in the order of archives, layers and indices, never of arms or their names. So the same archives
under swapped arms give the same items to the byte, and only the allocation differs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.foundation.errors import DesignError
from app.harvest.archive import Archive
from app.harvest.neuron import NeuronStatistics
from app.harvest.snippet import Snippet
from app.rounds.assignment import DISTANCE
from app.rounds.concealment import apart, chosen, conceal, draw_codes
from app.rounds.design import Cell, Design
from app.rounds.item import Item
from app.rounds.randomness import SecretRandom
from app.rounds.sampling import Drawn, Key, draw, key, of_layers, quotas

Archives = Mapping[str, Archive]
"""Archives by their digest."""


@dataclass(frozen=True)
class Prepared:
    """What a seal is made of; the allocation never leaves the process unencrypted."""

    items: tuple[Item, ...]
    """Sorted by code."""
    allocation: dict[str, Any]
    """{"items": [...], "cells": [...]} as plain JSON values."""
    apart: dict[str, dict[str, int]]
    """Items with a window in common."""
    training: tuple[dict[str, Any], ...] = ()
    """Training items' answers, for the feedback."""


@dataclass
class Source:
    """One archive as a draw sees it: its frame, and snippets read once."""

    archive: Archive
    design: Design
    frame: list[NeuronStatistics]
    shown: dict[Key, list[Snippet]] = field(default_factory=dict)
    """The snippets to show, of the neurons looked at that have them."""

    @classmethod
    def of(cls, archive: Archive, design: Design) -> "Source":
        """The frame that the design names. Raises DesignError if the archive is not as the design says."""
        manifest = archive.manifest
        missing = [layer for layer in design.layers or () if layer >= manifest.model.n_layers]
        if missing:
            msg = f"Layer {missing[0]} is named, but this model's last is {manifest.model.n_layers - 1}; leave it out."
            raise DesignError(msg)
        if manifest.site != design.site:
            msg = f"The design reads {design.site}, but an archive was harvested at {manifest.site}; harvest it again."
            raise DesignError(msg)
        return cls(archive, design, of_layers(archive.neurons(), design.layers))

    def fits(self, keys: Sequence[Key]) -> set[Key]:
        """Those of `keys` that the design can show."""
        for pair, snippets in self.archive.snippets_of(keys).items():
            found = chosen(self.design, snippets)
            if found is not None:
                self.shown[pair] = found
        return self.shown.keys() & set(keys)


@dataclass(frozen=True)
class Dealt:
    """One cell's share of a draw."""

    cell: Cell
    neurons: tuple[NeuronStatistics, ...]
    excluded: int
    examined: int

    @property
    def live(self) -> list[NeuronStatistics]:
        """Those that are shown."""
        return [one for one in self.neurons if not one.dead]


def check(design: Design, archives: Archives, seed: str) -> None:
    """Raise DesignError with the reason if the design cannot be met; `seed` is thrown away afterwards."""
    deal(design, sources(design, archives), seed)


def prepare(design: Design, archives: Archives, seed: str) -> Prepared:
    """Draw, conceal and list. `seed` is 64 hexadecimal digits and goes into the seal only."""
    found = sources(design, archives)
    dealt = deal(design, found, seed)
    neurons = sorted(
        ((share.cell, one) for share in dealt for one in share.live),
        key=lambda pair: (pair[0].archive_sha256, *key(pair[1])),
    )
    codes = draw_codes(len(neurons), SecretRandom(seed, "codes"))
    SecretRandom(seed, "shuffle").shuffle(codes)
    items, entries, windows = [], [], {}
    for code, (cell, neuron) in zip(codes, neurons, strict=True):
        source = found[cell.archive_sha256]
        snippets = source.shown[key(neuron)]
        random = SecretRandom(seed, f"passages {code}")
        items.append(conceal(code, snippets, neuron.maximum, design.marks, random))
        entries.append(allocated(code, cell, neuron, source.archive.manifest.model.n_layers))
        windows[code] = frozenset(one.window for one in snippets)
    allocation = {
        "items": sorted(entries, key=lambda entry: str(entry["item"])),
        "cells": [counts(share, found[share.cell.archive_sha256]) for share in dealt],
    }
    return Prepared(tuple(sorted(items, key=lambda item: item.code)), allocation, apart(windows, DISTANCE))


def sources(design: Design, archives: Archives) -> dict[str, Source]:
    """Each archive of the design once. Raises DesignError if one is not given."""
    found = {}
    for digest in sorted({cell.archive_sha256 for cell in design.arms}):
        if digest not in archives:
            msg = f"The archive {digest[:12]}… that the design names was not given; harvest it or name its folder."
            raise DesignError(msg)
        found[digest] = Source.of(archives[digest], design)
    return found


def deal(design: Design, found: Mapping[str, Source], seed: str) -> list[Dealt]:
    """Each cell's neurons, in the design's order of cells. Cells of one archive share one draw, so no neuron twice."""
    dealt = {}
    for digest, source in found.items():
        cells = sorted(
            (cell for cell in design.arms if cell.archive_sha256 == digest), key=lambda c: (c.stratum, c.arm)
        )
        draws = _draws(design, source, len(cells), SecretRandom(seed, f"draw {digest}"))
        for place, cell in enumerate(cells):
            dealt[cell] = _share(design, cell, draws, place, len(cells))
    return [dealt[cell] for cell in design.arms]


def _draws(design: Design, source: Source, cells: int, random: SecretRandom) -> list[tuple[int, Drawn]]:
    """(neurons wanted per cell, what was drawn) for the frame, or for each layer of it."""
    if design.by_layer == "simple":
        return [(design.neurons, draw(source.frame, design.neurons * cells, source.fits, random))]
    layers = sorted({one.layer for one in source.frame})
    frames = {layer: [one for one in source.frame if one.layer == layer] for layer in layers}
    wanted = quotas({layer: len(frame) for layer, frame in frames.items()}, design.neurons)
    return [(wanted[layer], draw(frames[layer], wanted[layer] * cells, source.fits, random)) for layer in layers]


def _share(design: Design, cell: Cell, draws: Iterable[tuple[int, Drawn]], place: int, cells: int) -> Dealt:
    neurons: list[NeuronStatistics] = []
    excluded = examined = 0
    for wanted, drawn in draws:
        if len(drawn.neurons) < wanted * cells:
            raise DesignError(_shortage(design, cell, len(drawn.neurons), wanted * cells))
        neurons += drawn.neurons[place * wanted : (place + 1) * wanted]
        excluded += drawn.excluded
        examined += drawn.examined
    return Dealt(cell, tuple(neurons), excluded, examined)


def _shortage(design: Design, cell: Cell, eligible: int, wanted: int) -> str:
    within = "in a layer " if design.by_layer == "stratified" else ""
    return (
        f"A round of {wanted} neurons per arm {within}cannot be drawn: the frame of arm “{cell.arm}” in {cell.stratum} "
        f"has only {eligible} eligible. Ask for fewer neurons, name more layers or harvest more text."
    )


def allocated(code: str, cell: Cell, neuron: NeuronStatistics, n_layers: int, **more: object) -> dict[str, Any]:
    """One line of the allocation; its names are those of `app.judging.observation.Allocated`."""
    line: dict[str, Any] = {
        "item": code,
        "arm": cell.arm,
        "stratum": cell.stratum,
        "layer": neuron.layer,
        "n_layers": n_layers,
        "neuron": neuron.index,
        "kind": "neuron",
        "same_token_share": round(neuron.same_token_share, 6),
        "purity": None,
        "repeats": None,
    }
    return line | more


def counts(share: Dealt, source: Source) -> dict[str, Any]:
    """One cell's counts, sealed with the allocation because the dead are more in one arm than in another."""
    drawn_dead = [one for one in share.neurons if one.dead]
    return {
        "arm": share.cell.arm,
        "stratum": share.cell.stratum,
        "archive_sha256": share.cell.archive_sha256,
        "frame": len(source.frame),
        "frame_dead": sum(one.dead for one in source.frame),
        "examined": share.examined,
        "excluded": share.excluded,
        "eligible": len(source.frame) - share.excluded,
        "drawn": len(share.neurons),
        "dead": len(drawn_dead),
        "shown": len(share.live),
        "suppressed": sum(one.suppressed for one in share.neurons),
        "dead_neurons": sorted([one.layer, one.index] for one in drawn_dead),
        "layers": [_layer(layer, share, source) for layer in sorted({one.layer for one in source.frame})],
    }


def _layer(layer: int, share: Dealt, source: Source) -> dict[str, int]:
    drawn = [one for one in share.neurons if one.layer == layer]
    return {
        "layer": layer,
        "eligible": sum(one.layer == layer for one in source.frame),
        "drawn": len(drawn),
        "dead": sum(one.dead for one in drawn),
    }
