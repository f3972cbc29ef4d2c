"""An arm of a harvest: what is read, whether a loaded model or any callable."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.archive.manifest import ModelRecord
from app.harvest.arms.logit_effects import FindLogitEffects
from app.harvest.scan.channel import Channel, ReadChannels


@dataclass(frozen=True)
class HarvestArm:
    """One model of a harvest."""

    record: ModelRecord
    channels: Mapping[Channel, int]
    """The number of neurons at each site and layer that is read."""
    read: ReadChannels
    find_effects: FindLogitEffects | None
    pieces: list[bytes]
    """The bytes of every token id."""
    side_by_side: bool = False
    """Whether several threads may read at once."""
    answer_sha256: str | None = None
    """What tells one callable from another: a digest of what it gave for a window, and of its pieces."""
