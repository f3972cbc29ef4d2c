"""An archive as a draw sees it: the neurons that can be drawn, and the snippets that the design shows of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.archive.archive import Archive
from app.archive.neuron import NeuronKey, NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.digest import short_digest
from app.foundation.errors import DesignError
from app.foundation.typed_text import in_one_line
from app.rounds.allocation import NeuronAddress
from app.rounds.concealment import select_shown_snippets
from app.rounds.design import Design
from app.rounds.frame_draws import neuron_key, neurons_of_layers

Archives = Mapping[str, Archive]
"""Archives by their digest."""
SeenNeurons = frozenset[NeuronAddress]
"""Neurons that an evaluator has seen: the frame leaves them out for everyone."""


@dataclass
class ArchiveFrame:
    """The frame of one archive, and the snippets of its neurons, read once."""

    archive: Archive
    design: Design
    frame_neurons: list[NeuronStatistics]
    """All neurons that can be drawn, in order of (layer, index); the dead are among them."""
    seen_count: int = 0
    """Neurons left out of the frame because a named evaluator has seen them."""
    shown_snippets: dict[NeuronKey, list[Snippet]] = field(default_factory=dict)
    """{neuron: the snippets that the design shows}, for those neurons looked at so far that have enough snippets."""

    @classmethod
    def from_archive(cls, archive: Archive, design: Design, seen_neurons: SeenNeurons) -> "ArchiveFrame":
        """The frame of an archive under a design. Raises DesignError if it lacks a layer of the design."""
        _require_layers(archive, design)
        neurons = neurons_of_layers(archive.neurons(), design.layers)
        digest = archive.sha256
        frame_neurons = [neuron for neuron in neurons if (digest, neuron.layer, neuron.index) not in seen_neurons]
        return cls(archive, design, frame_neurons, len(neurons) - len(frame_neurons))

    @property
    def n_layers(self) -> int:
        """How many layers the archive's model has."""
        return self.archive.manifest.model.n_layers

    def showable(self, neuron_keys: Sequence[NeuronKey]) -> set[NeuronKey]:
        """Those of the neurons that the design can show; their snippets are stored in `shown_snippets`."""
        unread = [key for key in neuron_keys if key not in self.shown_snippets]
        for key, snippets in self.archive.snippets_by_neuron(unread).items():
            selected = select_shown_snippets(self.design, snippets)
            if selected is not None:
                self.shown_snippets[key] = selected
        return self.shown_snippets.keys() & set(neuron_keys)

    def shown_snippets_of(self, neuron: NeuronStatistics) -> list[Snippet]:
        """The snippets that the design shows of a drawn neuron."""
        return self.shown_snippets[neuron_key(neuron)]


def archive_frames(
    design: Design, archives: Archives, seen_neurons: SeenNeurons = frozenset()
) -> dict[str, ArchiveFrame]:
    """{digest: frame} of every archive of the design, by digest. Raises DesignError if an archive does not fit."""
    require_archives(design, archives)
    require_sites(design, archives)
    digests = sorted({cell.archive_sha256 for cell in design.arms})
    return {digest: ArchiveFrame.from_archive(archives[digest], design, seen_neurons) for digest in digests}


def require_archives(design: Design, archives: Archives) -> None:
    """Raise DesignError if an archive that the design names is missing."""
    absent = sorted({cell.archive_sha256 for cell in design.arms} - archives.keys())
    if absent:
        msg = (
            f"The archive {short_digest(absent[0])} that the design names was not given; harvest it or name its folder."
        )
        raise DesignError(msg)


def require_sites(design: Design, archives: Archives) -> None:
    """Raise DesignError if an archive was harvested at another site than the design says of its arm."""
    for number, cell in enumerate(design.arms, start=1):
        site, planned = archives[cell.archive_sha256].manifest.site, design.site_of(cell)
        if site != planned:
            read, arm, stratum = (in_one_line(text) for text in (site, cell.arm, cell.stratum))
            msg = (
                f"The arm “{arm}” in stratum “{stratum}” is to be read at {planned}, but its archive was "
                f'harvested at {read}. Write site = "{read}" into the arm, which is the table [[arms]] number '
                f"{number} of the design, or name an archive of {planned}."
            )
            raise DesignError(msg)


def _require_layers(archive: Archive, design: Design) -> None:
    absent = [layer for layer in design.layers or () if layer >= archive.manifest.model.n_layers]
    if absent:
        last = archive.manifest.model.n_layers - 1
        msg = f"Layer {absent[0]} is named, but this model's last is {last}; leave it out."
        raise DesignError(msg)
