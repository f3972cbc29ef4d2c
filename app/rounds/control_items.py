"""Controls and practice items, made of neurons that were not drawn. Pure."""

from collections.abc import Mapping, Sequence

from app.archive.neuron import NeuronKey, NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.errors import DesignError
from app.rounds.allocation import ItemKind
from app.rounds.archive_frame import ArchiveFrame
from app.rounds.cell import Cell
from app.rounds.cell_draws import CellDraw, cells_of_archive
from app.rounds.concealment import snippet_levels
from app.rounds.controls import WordOccurrence, mix_snippets, plant_word, scatter_words, word_occurrences
from app.rounds.design import Design
from app.rounds.frame_draws import neuron_key
from app.rounds.planned_items import PlannedItem
from app.rounds.randomness import SecretRandom
from app.rounds.spare_neurons import SpareNeurons

POOL = 48
"""Planted items use the windows of so many spare neurons of each archive."""
ATTEMPTS = 20
"""How many real neurons are tried as models of an item's strengths: the windows of some are too short."""


class ControlItemMaker:
    """Makes controls and practice items from spare neurons, taken from each cell in turn."""

    def __init__(
        self, design: Design, frames: Mapping[str, ArchiveFrame], cell_draws: Sequence[CellDraw], seed: str
    ) -> None:
        self._design, self._frames, self._generator = design, frames, SecretRandom(seed, "controls")
        self._spares = {
            digest: SpareNeurons.not_drawn(
                archive_frame, _drawn_keys(cell_draws, digest), SecretRandom(seed, f"spares {digest}")
            )
            for digest, archive_frame in frames.items()
        }
        self._cells = [cell for digest in frames for cell in cells_of_archive(design, digest)]
        self._unused_words: dict[str, list[WordOccurrence]] | None = None

    def planted_items(self) -> list[PlannedItem]:
        """The planted items of the design: every peak is one word."""
        return [self._planted_item(number, "planted") for number in range(self._design.controls.planted)]

    def ladder_items(self) -> list[PlannedItem]:
        """The purity ladder: for every cell and step, mixtures of two of its neurons."""
        controls = self._design.controls
        return [
            self._mixed_item(cell, share)
            for cell in self._cells
            for share in controls.ladder
            for _ in range(controls.per_step)
        ]

    def practice_items(self) -> list[PlannedItem]:
        """The practice items of the design: in turn an item whose peaks are one word, and an item without a rule."""
        return [
            self._ruleless_item(number) if number % 2 else self._planted_item(number, "training")
            for number in range(self._design.training)
        ]

    def _mixed_item(self, cell: Cell, share: float) -> PlannedItem:
        spares = self._spares[cell.archive_sha256]
        for _ in range(ATTEMPTS):
            neuron, main_snippets = spares.next_neuron()
            _, foreign_snippets = spares.next_neuron()
            mixture = mix_snippets(main_snippets, foreign_snippets, share, self._generator)
            if self._can_be_marked(mixture.snippets, neuron):
                purity = round(mixture.purity, 6)
                return PlannedItem(mixture.snippets, neuron, cell, self._n_layers(cell), "purity", purity=purity)
        raise DesignError(_too_little_text("the purity ladder"))

    def _planted_item(self, number: int, kind: ItemKind) -> PlannedItem:
        size = sum(self._design.groups.values())
        words = self._words()
        usable = [word for word, occurrences in words.items() if len(occurrences) >= size]
        if not usable:
            raise DesignError(_too_little_text("planted items"))
        word = self._generator.choice(usable)
        occurrences = words.pop(word)
        for _ in range(ATTEMPTS):
            cell, neuron, profile = self._strength_donor(number)
            snippets = plant_word(occurrences, profile, self._generator)
            if self._can_be_marked(snippets, neuron):
                return PlannedItem(snippets, neuron, cell, self._n_layers(cell), kind, rule=f"the word “{word}”")
        raise DesignError(_too_little_text("planted items"))

    def _ruleless_item(self, number: int) -> PlannedItem:
        for _ in range(ATTEMPTS):
            cell, neuron, profile = self._strength_donor(number)
            words = self._words()
            if len(words) < len(profile):
                break
            snippets = scatter_words(words, profile, self._generator)
            if self._can_be_marked(snippets, neuron):
                return PlannedItem(snippets, neuron, cell, self._n_layers(cell), "training")
        raise DesignError(_too_little_text("practice items"))

    def _strength_donor(self, number: int) -> tuple[Cell, NeuronStatistics, list[Snippet]]:
        """(cell, neuron, snippets) of a spare neuron whose strengths item number `number` takes; cells take turns."""
        cell = self._cells[number % len(self._cells)]
        neuron, snippets = self._spares[cell.archive_sha256].next_neuron()
        return cell, neuron, snippets

    def _words(self) -> dict[str, list[WordOccurrence]]:
        """{word: its occurrences} in the spare windows; callers remove a word when a rule uses it."""
        if self._unused_words is None:
            pool = [snippet for spares in self._spares.values() for snippet in spares.snippets_of_first(POOL)]
            self._unused_words = word_occurrences(pool)
        return self._unused_words

    def _can_be_marked(self, snippets: Sequence[Snippet], neuron: NeuronStatistics) -> bool:
        return snippet_levels(snippets, neuron.maximum, self._design.marks) is not None

    def _n_layers(self, cell: Cell) -> int:
        return self._frames[cell.archive_sha256].n_layers


def _drawn_keys(cell_draws: Sequence[CellDraw], digest: str) -> set[NeuronKey]:
    """The neurons that were drawn from one archive."""
    of_archive = (cell_draw for cell_draw in cell_draws if cell_draw.cell.archive_sha256 == digest)
    return {neuron_key(neuron) for cell_draw in of_archive for neuron in cell_draw.neurons}


def _too_little_text(purpose: str) -> str:
    return f"The archives hold too little text for {purpose}; ask for fewer, or harvest more text."
