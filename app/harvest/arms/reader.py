"""What is read of a model: from token ids to activations by channel.

A `MakeReader` makes a reader for a model: of its sites (`site_reader`), of the latents of an SAE (`sae_reader`), of any
module (`hook_reader`), of random directions (`direction_reader`), or by any function (`callable_reader`).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock

import torch
from torch import Tensor

from app.archive.manifest import ControlRecord, ReadingRecord
from app.foundation.errors import SettingsError
from app.harvest.arms.logit_effects import FindLogitEffects
from app.harvest.options import HarvestOptions
from app.harvest.scan.channel import Channel, ReadChannels
from app.harvest.scan.device import resolve_device
from app.models.model_folder import LoadedModel
from app.models.place import Place
from app.models.readable_model import ReadableModel

Transform = Callable[[Tensor], Tensor]
"""A function of a tensor [window, position, ...] to another with the same windows and positions."""

TRIAL_SHAPE = (3, 2)
"""Windows and positions of a pass that only asks for widths; several windows, so that a tensor for all is seen."""

_hooks_in_use = Lock()


@dataclass(frozen=True)
class PlaceReading:
    """One channel: the place in the model that it is read at, and what is computed from the tensor there."""

    channel: Channel
    place: Place
    unit_count: int
    to_space: Transform | None = None
    """From the place's tensor to the space in which units are directions; None leaves it as it is."""
    to_units: Transform | None = None
    """From that space to activations; with None its dimensions are the units."""
    direction_norms: Tensor | None = None
    """[unit] the norms of the units' directions in that space; None if their directions are its dimensions."""

    def in_space(self, tensor: Tensor) -> Tensor:
        """The place's tensor in the space in which units are directions."""
        return tensor if self.to_space is None else self.to_space(tensor)

    def activations(self, tensor: Tensor) -> Tensor:
        """[window, position, unit], from the place's tensor."""
        in_space = self.in_space(tensor)
        return in_space if self.to_units is None else self.to_units(in_space)


@dataclass(frozen=True)
class PlaceReader:
    """Reads several channels of a model in one pass.

    Where that needs hooks, which hear every pass, only one thread reads at a time. On a graphics card this costs
    nothing: a thread leaves as soon as the pass is asked for. On the processor it would leave all cores but one idle.
    """

    transformer: ReadableModel
    readings: Sequence[PlaceReading]

    @property
    def places(self) -> list[Place]:
        """The places that are read, each once."""
        return list(dict.fromkeys(reading.place for reading in self.readings))

    def __call__(self, token_ids: Tensor) -> dict[Channel, Tensor]:
        """Activations by channel, each [window, position, unit], of token ids [window, position]."""
        tensors = self.read_tensors(token_ids)
        return {reading.channel: reading.activations(tensors[reading.place]) for reading in self.readings}

    def read_tensors(self, token_ids: Tensor) -> dict[Place, Tensor]:
        """The tensors of the places, as the model computes them."""
        with _hooks_in_use if self.transformer.needs_hooks(self.places) else nullcontext():
            return self.transformer.read_places(self.places, token_ids)


@dataclass(frozen=True)
class Reader:
    """What is read of one model."""

    channels: Mapping[Channel, int]
    """The number of units of each channel."""
    read: ReadChannels
    is_thread_safe: bool
    """Whether several threads may call `read` at once."""
    readings: tuple[PlaceReading, ...] = ()
    """Where in the model the channels lie; none for a function."""
    find_effects: FindLogitEffects | None = None
    reading_record: ReadingRecord | None = None
    """What was read, if it is no site of the model."""
    controls: tuple[ControlRecord, ...] = ()
    trial_output_sha256: str | None = None
    """For a function, which has no weights to tell it by: the digest of its output for a window."""


MakeReader = Callable[[LoadedModel, HarvestOptions], Reader]
"""A function that makes a reader of a model that is on its device. It raises ModelError if the model lacks a place."""


def reader_of_places(
    model: LoadedModel,
    readings: Sequence[PlaceReading],
    options: HarvestOptions,
    reading_record: ReadingRecord | None = None,
    find_effects: FindLogitEffects | None = None,
) -> Reader:
    """The reader of some places of a model."""
    read = PlaceReader(model.transformer, readings)
    return Reader(
        channels={reading.channel: reading.unit_count for reading in readings},
        read=read,
        is_thread_safe=not model.transformer.needs_hooks(read.places) or resolve_device(options.device) == "cuda",
        readings=tuple(readings),
        find_effects=find_effects,
        reading_record=reading_record,
    )


def width_at(model: LoadedModel, place: Place) -> int:
    """How many units a place's tensor has, from a short pass. Raises ModelError if there is no such place."""
    device = next(model.transformer.parameters()).device
    token_ids = torch.full(TRIAL_SHAPE, model.config.bos, device=device)
    with torch.inference_mode(), _hooks_in_use:
        return int(model.transformer.read_places([place], token_ids)[place].shape[2])


def require_only_layer(layer: int, what: str, options: HarvestOptions) -> None:
    """Raise SettingsError if the options name another layer than the one in which something is read."""
    if options.layers is not None and set(options.layers) != {layer}:
        msg = f"{what} is read in layer {layer}; leave the layers out, or name that one alone"
        raise SettingsError(msg)
