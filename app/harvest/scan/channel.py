"""Where in a model activations are read: its channels, each a site and a layer."""

from collections.abc import Callable, Mapping

from torch import Tensor

Channel = tuple[str, int]
"""A site and a layer."""
ReadChannels = Callable[[Tensor], Mapping[Channel, Tensor]]
"""A function from token ids [window, position] to activations by channel, each [window, position, neuron]."""

CALLABLE_SITE = "callable"
"""The site of a callable, since First Glance cannot know where in a model it reads."""
SITES = ("mlp.act", "mlp.pre", "mlp.post_ln", CALLABLE_SITE)
"""Every site, in an order that never changes: seeds depend on it."""
LARGEST_LAYER_COUNT = 1 << 12


def channel_name(channel: Channel) -> str:
    """The channel's name in a checkpoint's files."""
    site, layer = channel
    return f"{site}/{layer}"


def channel_number(channel: Channel) -> int:
    """The channel's number, from which its random draws are seeded; it does not depend on which channels are read."""
    site, layer = channel
    return LARGEST_LAYER_COUNT * SITES.index(site) + layer
