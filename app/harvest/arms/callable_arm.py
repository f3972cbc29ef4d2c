"""Any function of token ids: as an arm of its own, or as a reader of a loaded model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from app.archive.manifest import ModelRecord, ReadingRecord
from app.archive.site import UNNAMED_CALLABLE, require_site
from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError, SettingsError
from app.harvest.arms.arm import HarvestArm
from app.harvest.arms.reader import MakeReader, Reader, require_only_layer
from app.harvest.options import HarvestOptions
from app.harvest.scan.channel import Channel, ReadChannels
from app.harvest.scan.device import resolve_device
from app.models.model_folder import LoadedModel

TRIAL_TOKENS = 32
"""Tokens of the window with which a function of a loaded model is tried."""
Activate = Callable[[Tensor], Tensor]
"""A function from token ids [window, position] to activations [window, position, unit]."""


@dataclass(frozen=True)
class Vocabulary:
    """The meaning of a callable's token ids."""

    pieces: Sequence[bytes] = ()
    """The bytes of every token id; an id beyond them is shown as its number."""
    special: tuple[int, ...] = ()
    """Token ids that are never scored and are left out of snippets: BOS, padding."""

    def __post_init__(self) -> None:
        """Raises SettingsError if a piece is no bytes, such as a text."""
        if any(not isinstance(piece, bytes) for piece in self.pieces):
            msg = "pieces are the bytes of each token id, such as b' the'; encode texts with .encode()"
            raise SettingsError(msg)

    def pieces_up_to(self, largest_id: int) -> list[bytes]:
        """The bytes of every token id up to `largest_id`."""
        return [*self.pieces, *(f"<{token_id}>".encode() for token_id in range(len(self.pieces), largest_id + 1))]


@dataclass(frozen=True)
class FunctionOrigin:
    """What is known of a function that reads a model which First Glance did not load."""

    name: str | None = None
    """The site is `callable:` and this name; without one it is `callable`, as in version 0.1."""
    layer: int = 0
    """The layer that it reads."""
    n_layers: int = 1
    """How many layers the model has."""
    tokenizer_sha256: str | None = None
    """The digest of the model's tokenizer, by which archives of one tokenizer are known."""

    def __post_init__(self) -> None:
        if not 0 <= self.layer < self.n_layers:
            msg = f"layer is {self.layer}, but a model of {self.n_layers} layers has 0 to {self.n_layers - 1}"
            raise SettingsError(msg)

    @property
    def site(self) -> str:
        """The site of the function's units."""
        return UNNAMED_CALLABLE if self.name is None else site_of_function(self.name)


def site_of_function(name: str) -> str:
    """The site `callable:NAME`. Raises SettingsError if it is no name of a site."""
    try:
        return require_site(f"{UNNAMED_CALLABLE}:{name}")
    except ValueError as error:
        raise SettingsError(str(error)) from error


def callable_arm(
    activate: Activate,
    name: str,
    trial_window: Tensor,
    pieces: list[bytes],
    origin: FunctionOrigin | None = None,
) -> HarvestArm:
    """Make an arm of a function from token ids to activations, whose units become the neurons of one layer.

    The function is called once with `trial_window` [window, position], to learn the number of units.
    Raises ModelError if the function returns another shape, now or later.
    """
    origin = origin or FunctionOrigin()
    channel = (origin.site, origin.layer)
    unit_count, read, digest = _tried(activate, channel, trial_window, pieces)
    return HarvestArm(
        record=ModelRecord(
            name=name,
            activation=None,
            n_layers=origin.n_layers,
            d_mlp=unit_count,
            weights_sha256=None,
            tokenizer_sha256=origin.tokenizer_sha256,
        ),
        channels={channel: unit_count},
        read=read,
        find_effects=None,
        pieces=pieces,
        trial_output_sha256=digest,
    )


def callable_reader(activate: Activate, name: str, layer: int = 0) -> MakeReader:
    """Makes readers of a function of a loaded model's token ids; the site is `callable:` and the name.

    They raise ModelError if the function returns another shape than [window, position, unit], and for a layer that
    the model does not have.
    """
    site = site_of_function(name)

    def make_reader(model: LoadedModel, options: HarvestOptions) -> Reader:
        model.transformer.require_layer(layer)
        require_only_layer(layer, site, options)
        trial_window = _first_tokens(model).to(resolve_device(options.device))
        unit_count, read, digest = _tried(activate, (site, layer), trial_window, model.tokenizer.pieces)
        reading_record = ReadingRecord(read_by="callable", place=name, model_weights_sha256=model.weights_sha256)
        return Reader(
            {(site, layer): unit_count},
            read,
            is_thread_safe=False,
            reading_record=reading_record,
            trial_output_sha256=digest,
        )

    return make_reader


def _first_tokens(model: LoadedModel) -> Tensor:
    """[window, position] a window for a trial: it begins as every window does, and then has any tokens."""
    length = min(TRIAL_TOKENS, model.config.n_ctx)
    return torch.tensor([[model.config.bos, *(token_id % model.tokenizer.size for token_id in range(1, length))]])


def _tried(
    activate: Activate, channel: Channel, trial_window: Tensor, pieces: Sequence[bytes]
) -> tuple[int, ReadChannels, str]:
    """A function's number of units, the function that reads its channel, and the digest of its output for a trial."""
    with torch.inference_mode():
        output = _require_activations(activate(trial_window), trial_window, None)
    unit_count = int(output.shape[2])

    def read(token_ids: Tensor) -> dict[Channel, Tensor]:
        return {channel: _require_activations(activate(token_ids), token_ids, unit_count)}

    return unit_count, read, _digest_output(output, pieces)


def _require_activations(output: object, token_ids: Tensor, unit_count: int | None) -> Tensor:
    """The output of a function, without its gradients. Raises ModelError if it is no tensor [window, position, unit].

    If `unit_count` is None, any number of units but zero is allowed.
    """
    if isinstance(output, Tensor) and output.dim() == 3:
        windows, positions, units = output.shape
        if (windows, positions) == token_ids.shape and units and unit_count in {None, units}:
            return output.detach()
    shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
    expected = "one unit or more" if unit_count is None else f"{unit_count} units as for the first window"
    msg = (
        f"the function returned {shape} for tokens {tuple(token_ids.shape)}; it must return a tensor "
        f"[window, position, unit] with the windows and positions of the tokens and {expected}"
    )
    raise ModelError(msg)


def _digest_output(output: Tensor, pieces: Sequence[bytes]) -> str:
    numbers = output.float().cpu().contiguous().numpy().tobytes()
    return sha256_of_parts([numbers, *(len(piece).to_bytes(4) + piece for piece in pieces)])
