"""Where in a model activations are read: its channels, each a site and a layer."""

from collections.abc import Callable, Mapping

from torch import Tensor

from app.archive.site import UNNAMED_CALLABLE
from app.foundation.digest import sha256

Channel = tuple[str, int]
"""A site and a layer."""
ReadChannels = Callable[[Tensor], Mapping[Channel, Tensor]]
"""A function from token ids [window, position] to activations by channel, each [window, position, neuron]."""

NUMBERED_SITES = ("mlp.act", "mlp.pre", "mlp.post_ln", UNNAMED_CALLABLE)
"""The sites of version 0.1, in an order that never changes: seeds depend on it."""
LARGEST_LAYER_COUNT = 1 << 12
FIRST_OPEN_NUMBER = 1 << 43
"""From here on sites have numbers by digest; the seeds of draws that follow from them are those of no numbered site."""
OPEN_NUMBER_BITS = 46


def channel_name(channel: Channel) -> str:
    """The channel's name in a checkpoint's files."""
    site, layer = channel
    return f"{site}/{layer}"


def channel_number(channel: Channel) -> int:
    """The channel's number, from which its random draws are seeded; it does not depend on which channels are read."""
    site, layer = channel
    return LARGEST_LAYER_COUNT * _site_number(site) + layer


def _site_number(site: str) -> int:
    """A number that a site always has: its place among those of version 0.1, or a number from its name's digest."""
    if site in NUMBERED_SITES:
        return NUMBERED_SITES.index(site)
    return FIRST_OPEN_NUMBER + int(sha256(site.encode()), 16) % (1 << OPEN_NUMBER_BITS)
