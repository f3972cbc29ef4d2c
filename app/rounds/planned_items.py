"""What a round shows, before it has codes: drawn neurons, controls, training items and repeats. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.archive.neuron import NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.errors import DesignError
from app.rounds.candidates import ArchiveFrame, SpareNeurons
from app.rounds.concealment import snippet_levels
from app.rounds.controls import WordOccurrence, mixture, noise, planted, words_in
from app.rounds.design import Cell, Design
from app.rounds.drawing import CellDraw, cells_of_archive
from app.rounds.randomness import SecretRandom
from app.rounds.sampling import neuron_key

POOL = 48
"""Spare neurons per archive whose windows planted items are made of."""
ATTEMPTS = 20
"""Real strength profiles tried for a planted item before giving up: some end before a window does."""


@dataclass(frozen=True)
class PlannedItem:
    """The snippets of one item to be, and what the allocation will say of it."""

    snippets: tuple[Snippet, ...]
    neuron: NeuronStatistics
    """Whose strengths these are; of a mixture, the main one."""
    line: dict[str, Any]
    """The allocation's line, without the code."""
    training: bool = False
    original: int | None = None
    """Of a repeat: the place of the specimen that it repeats."""


def plan_items(
    design: Design, found: Mapping[str, ArchiveFrame], dealt: Sequence[CellDraw], seed: str
) -> list[PlannedItem]:
    """Everything the round shows, in an order that swapping the arms does not change."""
    workshop = ControlMaker(design, found, dealt, seed)
    drawn = _neurons(found, dealt)
    return [*drawn, *workshop.planted(), *workshop.ladder(), *workshop.training(), *_repeats(design, drawn, seed)]


def allocation_line(cell: Cell, neuron: NeuronStatistics, n_layers: int, kind: str, **more: object) -> dict[str, Any]:
    """One line of the allocation; its names are those of `app.unblinding.observations.Allocated`."""
    line: dict[str, Any] = {
        "arm": cell.arm,
        "stratum": cell.stratum,
        "layer": neuron.layer,
        "n_layers": n_layers,
        "neuron": neuron.index,
        "kind": kind,
        "same_token_share": round(neuron.same_token_share, 6) if kind in {"neuron", "repeat"} else 0.0,
        "purity": None,
        "repeats": None,
        "rule": None,
    }
    return line | more


def _neurons(found: Mapping[str, ArchiveFrame], dealt: Sequence[CellDraw]) -> list[PlannedItem]:
    pairs = [(share.cell, one) for share in dealt for one in share.live]
    pairs.sort(key=lambda pair: (pair[0].archive_sha256, *neuron_key(pair[1])))
    made = []
    for cell, neuron in pairs:
        source = found[cell.archive_sha256]
        line = allocation_line(cell, neuron, source.archive.manifest.model.n_layers, "neuron")
        made.append(PlannedItem(tuple(source.shown[neuron_key(neuron)]), neuron, line))
    return made


def _repeats(design: Design, drawn: Sequence[PlannedItem], seed: str) -> list[PlannedItem]:
    if design.repeats > len(drawn):
        msg = f"{design.repeats} repeats, but only {len(drawn)} of the neurons drawn are alive; repeat fewer."
        raise DesignError(msg)
    places = sorted(SecretRandom(seed, "repeats").sample(range(len(drawn)), design.repeats))
    return [
        PlannedItem(drawn[place].snippets, drawn[place].neuron, drawn[place].line | {"kind": "repeat"}, original=place)
        for place in places
    ]


class ControlMaker:
    """Makes controls and training items of neurons that were not drawn, the cells taking turns."""

    def __init__(self, design: Design, found: Mapping[str, ArchiveFrame], dealt: Sequence[CellDraw], seed: str) -> None:
        self._design, self._found, self._random = design, found, SecretRandom(seed, "controls")
        drawn = {
            digest: {neuron_key(n) for one in dealt if one.cell.archive_sha256 == digest for n in one.neurons}
            for digest in found
        }
        self._spares = {
            digest: SpareNeurons.of(source, drawn[digest], SecretRandom(seed, f"spares {digest}"))
            for digest, source in found.items()
        }
        self._cells = [cell for digest in found for cell in cells_of_archive(design, digest)]
        self._words: dict[str, list[WordOccurrence]] | None = None

    def planted(self) -> list[PlannedItem]:
        """The planted items: every peak is one word."""
        return [self._planted(number, "planted") for number in range(self._design.controls.planted)]

    def training(self) -> list[PlannedItem]:
        """Training items: one word each, and every other one without any rule."""
        return [
            self._noise(number) if number % 2 else self._planted(number, "training")
            for number in range(self._design.training)
        ]

    def ladder(self) -> list[PlannedItem]:
        """The purity ladder: for every cell and step, mixtures of two of its neurons."""
        controls = self._design.controls
        return [
            self._mixed(cell, step)
            for cell in self._cells
            for step in controls.ladder
            for _ in range(controls.per_step)
        ]

    def _mixed(self, cell: Cell, step: float) -> PlannedItem:
        for _ in range(ATTEMPTS):
            main, snippets = self._spares[cell.archive_sha256].take()
            _, others = self._spares[cell.archive_sha256].take()
            mixed = mixture(snippets, others, step, self._random)
            if self._can_be_marked(mixed.snippets, main.maximum):
                line = self._line(cell, main, "purity", purity=round(mixed.purity, 6))
                return PlannedItem(mixed.snippets, main, line)
        raise DesignError(self._too_few("the purity ladder"))

    def _planted(self, number: int, kind: str) -> PlannedItem:
        size = sum(self._design.groups.values())
        usable = [word for word, places in self._pool().items() if len(places) >= size]
        if not usable:
            raise DesignError(self._too_few("planted items"))
        word = self._random.choice(usable)
        places = self._pool().pop(word)
        for _ in range(ATTEMPTS):
            cell, donor, profile = self._donor(number)
            snippets = planted(places, profile, self._random)
            if self._can_be_marked(snippets, donor.maximum):
                line = self._line(cell, donor, kind, rule=f"the word “{word}”")
                return PlannedItem(snippets, donor, line, training=kind == "training")
        raise DesignError(self._too_few("planted items"))

    def _noise(self, number: int) -> PlannedItem:
        for _ in range(ATTEMPTS):
            cell, donor, profile = self._donor(number)
            if len(self._pool()) < len(profile):
                break
            snippets = noise(self._pool(), profile, self._random)
            if self._can_be_marked(snippets, donor.maximum):
                return PlannedItem(snippets, donor, self._line(cell, donor, "training"), training=True)
        raise DesignError(self._too_few("training items"))

    def _donor(self, number: int) -> tuple[Cell, NeuronStatistics, list[Snippet]]:
        """A real neuron whose strengths a made item takes, from each cell in turn."""
        cell = self._cells[number % len(self._cells)]
        return cell, *self._spares[cell.archive_sha256].take()

    def _pool(self) -> dict[str, list[WordOccurrence]]:
        """Words of the spare windows that no rule has used yet."""
        if self._words is None:
            windows = [snippet for spares in self._spares.values() for snippet in spares.pool(POOL)]
            self._words = words_in(windows)
        return self._words

    def _can_be_marked(self, snippets: Sequence[Snippet], maximum: float) -> bool:
        return snippet_levels(snippets, maximum, self._design.marks) is not None

    def _line(self, cell: Cell, neuron: NeuronStatistics, kind: str, **more: object) -> dict[str, Any]:
        return allocation_line(
            cell, neuron, self._found[cell.archive_sha256].archive.manifest.model.n_layers, kind, **more
        )

    def _too_few(self, what: str) -> str:
        return f"The archives hold too little text for {what}; ask for fewer, or harvest more text."
