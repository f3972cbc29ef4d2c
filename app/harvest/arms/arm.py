"""An arm of a harvest: a loaded model or any callable whose activations are read."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.archive.manifest import ControlRecord, ModelRecord, ReadingRecord
from app.harvest.arms.logit_effects import FindLogitEffects
from app.harvest.scan.channel import Channel, ReadChannels


@dataclass(frozen=True)
class HarvestArm:
    """One model or callable of a harvest."""

    record: ModelRecord
    channels: Mapping[Channel, int]
    """The number of neurons at each site and layer that is read."""
    read: ReadChannels
    find_effects: FindLogitEffects | None
    pieces: list[bytes]
    """The bytes of every token id."""
    is_thread_safe: bool = False
    """Whether several threads may call `read` at once."""
    reading: ReadingRecord | None = None
    """What was read of the model, if it is no site of its own."""
    controls: tuple[ControlRecord, ...] = ()
    """What in the arm was drawn at random."""
    trial_output_sha256: str | None = None
    """For a callable, which has no weights to tell it by: the digest of its output for a window, and of its pieces."""

    @property
    def only_site(self) -> str:
        """The site of an arm that is read at one site alone."""
        (site,) = {site for site, _ in self.channels}
        return site
