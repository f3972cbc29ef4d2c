"""Archives as a draw sees them: the frame, the snippets that the design shows, and who is left for controls. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from app.archive.archive import Archive
from app.archive.neuron import NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.errors import DesignError
from app.rounds.concealment import snippets_to_show
from app.rounds.design import Design
from app.rounds.sampling import NeuronKey, neuron_key, neurons_of_layers

Archives = Mapping[str, Archive]
"""Archives by their digest."""
SeenNeurons = frozenset[tuple[str, int, int]]
"""Neurons left out for everyone, as (archive digest, layer, index), because an evaluator has seen them."""
BATCH = 32
"""Spare neurons read at a time."""


@dataclass
class ArchiveFrame:
    """One archive: its frame, and snippets read once."""

    archive: Archive
    design: Design
    frame: list[NeuronStatistics]
    seen: int = 0
    """Neurons left out of the frame because a named evaluator has seen them."""
    shown: dict[NeuronKey, list[Snippet]] = field(default_factory=dict)
    """The snippets to show, of the neurons looked at that have them."""

    @classmethod
    def of(cls, archive: Archive, design: Design, left_out: SeenNeurons) -> "ArchiveFrame":
        """The frame that the design names. Raises DesignError if the archive is not as the design says."""
        manifest = archive.manifest
        missing = [layer for layer in design.layers or () if layer >= manifest.model.n_layers]
        if missing:
            msg = f"Layer {missing[0]} is named, but this model's last is {manifest.model.n_layers - 1}; leave it out."
            raise DesignError(msg)
        if manifest.site != design.site:
            msg = f"The design reads {design.site}, but an archive was harvested at {manifest.site}; harvest it again."
            raise DesignError(msg)
        frame = neurons_of_layers(archive.neurons(), design.layers)
        seen = {(layer, index) for digest, layer, index in left_out if digest == archive.sha256}
        unseen = [one for one in frame if neuron_key(one) not in seen]
        return cls(archive, design, unseen, len(frame) - len(unseen))

    def fits(self, keys: Sequence[NeuronKey]) -> set[NeuronKey]:
        """Those of `keys` that the design can show."""
        unread = [pair for pair in keys if pair not in self.shown]
        for pair, snippets in self.archive.snippets_by_neuron(unread).items():
            found = snippets_to_show(self.design, snippets)
            if found is not None:
                self.shown[pair] = found
        return self.shown.keys() & set(keys)


@dataclass
class SpareNeurons:
    """The live neurons of one archive that were not drawn, in a random order, each given out once."""

    source: ArchiveFrame
    order: list[NeuronStatistics]
    given: int = 0

    @classmethod
    def of(cls, source: ArchiveFrame, drawn: set[NeuronKey], random: Random) -> "SpareNeurons":
        """Everyone alive and not drawn."""
        left = [one for one in source.frame if not one.dead and neuron_key(one) not in drawn]
        return cls(source, random.sample(left, len(left)))

    def take(self) -> tuple[NeuronStatistics, list[Snippet]]:
        """The next neuron that the design could show. Raises DesignError if there is none left."""
        while self.given < len(self.order):
            one = self.order[self.given]
            if neuron_key(one) not in self.source.shown:
                self.source.fits([neuron_key(other) for other in self.order[self.given : self.given + BATCH]])
            self.given += 1
            if neuron_key(one) in self.source.shown:
                return one, self.source.shown[neuron_key(one)]
        msg = "Too few neurons are left for the controls and training items; ask for fewer, or harvest more layers."
        raise DesignError(msg)

    def pool(self, count: int) -> list[Snippet]:
        """Windows of up to `count` spare neurons, for planted items: their texts, whoever fired on them."""
        keys = [neuron_key(one) for one in self.order[:count]]
        fitting = self.source.fits(keys)
        return [snippet for pair in keys if pair in fitting for snippet in self.source.shown[pair]]


def archive_frames(design: Design, archives: Archives, left_out: SeenNeurons = frozenset()) -> dict[str, ArchiveFrame]:
    """Each archive of the design once. Raises DesignError if one is not given."""
    found = {}
    for digest in sorted({cell.archive_sha256 for cell in design.arms}):
        if digest not in archives:
            msg = f"The archive {digest[:12]}… that the design names was not given; harvest it or name its folder."
            raise DesignError(msg)
        found[digest] = ArchiveFrame.of(archives[digest], design, left_out)
    return found
