"""Random directions in the space of another reader: the control that asks what its units have over any others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from app.archive.manifest import ControlRecord, ReadingRecord
from app.archive.site import NAMED_KINDS, site_kind, site_named
from app.foundation.digest import sha256
from app.foundation.errors import ModelError
from app.harvest.arms.reader import TRIAL_SHAPE, MakeReader, PlaceReader, PlaceReading, Reader, reader_of_places
from app.harvest.options import HarvestOptions
from app.harvest.scan.device import resolve_device
from app.models.model_folder import LoadedModel


@dataclass(frozen=True)
class Projection:
    """The components of a tensor along directions [unit, dimension]."""

    directions: Tensor

    def __call__(self, tensor: Tensor) -> Tensor:
        """[..., dimension] -> [..., unit], in float32."""
        return tensor.float() @ self.directions.T


def direction_reader(make_other_reader: MakeReader) -> MakeReader:
    """Makes readers of random directions: as many as the other reader has units, each with the norm of that unit's.

    The directions lie in the space in which the other reader's units are directions: for an SAE its input, as its
    encoder gets it; for a site or a module their own space, where all have norm 1. They are drawn from the options'
    seed. The other reader's biases and nonlinearity are left out. Raises ModelError for a function of tokens, which has
    no such space.
    """

    def make_reader(model: LoadedModel, options: HarvestOptions) -> Reader:
        other = make_other_reader(model, options)
        if not other.readings:
            msg = "a function of tokens has no space in which directions could be drawn; draw them at a site or a hook"
            raise ModelError(msg)
        widths = _widths_of_spaces(model, other.readings)
        readings = [
            _random_reading(reading, width, options) for reading, width in zip(other.readings, widths, strict=True)
        ]
        reading_record = ReadingRecord(
            read_by="directions",
            place=", ".join(dict.fromkeys(reading.channel[0] for reading in other.readings)),
            sha256=other.reading_record and other.reading_record.sha256,
            model_weights_sha256=model.weights_sha256,
        )
        control = ControlRecord(control="directions", seed=options.seed, description=_describe(other))
        return replace(reader_of_places(model, readings, options, reading_record), controls=(*other.controls, control))

    return make_reader


def site_of_directions(site: str) -> str:
    """The site of random directions in the space of another site: `directions:` and its name."""
    return site_named("directions", site.split(":", 1)[1] if site_kind(site) in NAMED_KINDS and ":" in site else site)


def random_directions(count: int, width: int, norms: Tensor | None, seed: int, purpose: str) -> Tensor:
    """[unit, dimension] directions drawn uniformly from the sphere, with these norms, or all with norm 1."""
    generator = torch.Generator().manual_seed(int(sha256(f"{seed} {purpose}".encode())[:15], 16))
    drawn = torch.randn(count, width, generator=generator, dtype=torch.float64)
    unit_directions = drawn / drawn.norm(dim=1, keepdim=True)
    directions: Tensor = unit_directions if norms is None else unit_directions * norms.cpu().double()[:, None]
    return directions.float()


def _random_reading(reading: PlaceReading, width: int, options: HarvestOptions) -> PlaceReading:
    """A channel of random directions in the space of another channel."""
    site, layer = reading.channel
    directions = random_directions(reading.unit_count, width, reading.direction_norms, options.seed, f"{site}/{layer}")
    directions = directions.to(resolve_device(options.device))
    return replace(
        reading, channel=(site_of_directions(site), layer), to_units=Projection(directions), direction_norms=None
    )


def _widths_of_spaces(model: LoadedModel, readings: Sequence[PlaceReading]) -> list[int]:
    """How many dimensions the space of each channel has."""
    device = next(model.transformer.parameters()).device
    token_ids = torch.full(TRIAL_SHAPE, model.config.bos, device=device)
    with torch.inference_mode():
        tensors = PlaceReader(model.transformer, readings).read_tensors(token_ids)
        return [reading.in_space(tensors[reading.place]).shape[2] for reading in readings]


def _describe(other: Reader) -> str:
    counts = sorted(set(other.channels.values()))
    norms = (
        "with the norms of the encoder's directions"
        if any(reading.direction_norms is not None for reading in other.readings)
        else "with norm 1"
    )
    sites = ", ".join(dict.fromkeys(reading.channel[0] for reading in other.readings))
    return (
        f"{', '.join(map(str, counts))} directions per layer, drawn uniformly from the sphere in the space of {sites}, "
        f"{norms}; a unit's activation is the component along its direction times that norm"
    )
