"""The live neurons of one archive that were not drawn; controls and practice items are made of them. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from app.archive.neuron import NeuronKey, NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.errors import DesignError
from app.rounds.archive_frame import ArchiveFrame
from app.rounds.frame_draws import neuron_key

BATCH = 32
"""The snippets of so many neurons are read at a time."""


@dataclass
class SpareNeurons:
    """The spare neurons of an archive in a random order; each is used once."""

    archive_frame: ArchiveFrame
    order: list[NeuronStatistics]
    position: int = 0
    """How many neurons were looked at."""

    @classmethod
    def not_drawn(cls, archive_frame: ArchiveFrame, drawn: Collection[NeuronKey], generator: Random) -> "SpareNeurons":
        """The live neurons of the frame that are not in `drawn`, in an order drawn from `generator`."""
        live = (neuron for neuron in archive_frame.frame_neurons if not neuron.dead)
        spare = [neuron for neuron in live if neuron_key(neuron) not in drawn]
        return cls(archive_frame, generator.sample(spare, len(spare)))

    def next_neuron(self) -> tuple[NeuronStatistics, list[Snippet]]:
        """The next neuron that the design can show, with its snippets. Raises DesignError if there is none left."""
        shown = self.archive_frame.shown_snippets
        while self.position < len(self.order):
            neuron = self.order[self.position]
            if neuron_key(neuron) not in shown:
                self._read_batch()
            self.position += 1
            if neuron_key(neuron) in shown:
                return neuron, shown[neuron_key(neuron)]
        msg = "Too few neurons are left for the controls and practice items; ask for fewer, or harvest more layers."
        raise DesignError(self.archive_frame.design.unit_words.say(msg))

    def snippets_of_first(self, neuron_count: int) -> list[Snippet]:
        """Snippets of the showable ones among the first `neuron_count` neurons; planted items use their texts."""
        neuron_keys = [neuron_key(neuron) for neuron in self.order[:neuron_count]]
        showable = self.archive_frame.showable(neuron_keys)
        return [snippet for key in neuron_keys if key in showable for snippet in self.archive_frame.shown_snippets[key]]

    def _read_batch(self) -> None:
        batch = self.order[self.position : self.position + BATCH]
        self.archive_frame.showable([neuron_key(neuron) for neuron in batch])
