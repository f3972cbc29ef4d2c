"""What is harvested: a loaded model or any callable, as an arm."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from app.archive.manifest import ModelRecord
from app.foundation.errors import ModelError
from app.harvest.finish.logit_effects import EffectsOf, effects_of
from app.harvest.options import HarvestOptions
from app.harvest.scan.device import device_of
from app.harvest.scan.scan import Channel, Read
from app.models.config import Site
from app.models.model_folder import LoadedModel
from app.models.readable_model import ReadableModel
from app.models.transformer import Transformer

CERTIFICATE = "certificate.json"
CALLABLE = "callable"
"""The site of a callable, whose place in its model only its author knows."""


@dataclass(frozen=True)
class HarvestedModel:
    """One model of a harvest."""

    record: ModelRecord
    channels: Mapping[Channel, int]
    """Neurons at each site and layer that is read."""
    read: Read
    effects: EffectsOf | None
    pieces: list[bytes]
    """The bytes of every token id."""
    side_by_side: bool = False
    """Whether several threads may read at once."""
    answer_sha256: str | None = None
    """What tells one callable from another: a digest of what it gave for a window, and of its pieces."""


@dataclass(frozen=True)
class Vocabulary:
    """What a callable's token ids stand for."""

    pieces: Sequence[bytes] = ()
    """The bytes of every token id; an id beyond them is shown as its number."""
    special: tuple[int, ...] = ()
    """Token ids that never score and are left out of snippets: BOS, padding."""

    def pieces_to(self, largest: int) -> list[bytes]:
        """The bytes of every token id up to `largest`."""
        return [*self.pieces, *(f"<{token}>".encode() for token in range(len(self.pieces), largest + 1))]


def arm_of(name: str, model: LoadedModel, sites: Sequence[Site], options: HarvestOptions) -> HarvestedModel:
    """A loaded model at some sites. Raises ModelError if it has no such site or layer."""
    layers = tuple(range(model.config.n_layers)) if options.layers is None else tuple(sorted(set(options.layers)))
    model.transformer.require_sites_and_layers(sites, layers)
    transformer = _ready(model.transformer, options)
    pieces = model.tokenizer.pieces
    return HarvestedModel(
        record=_record(name, model),
        channels={(site, layer): model.config.d_mlp for site in sites for layer in layers},
        read=_reading(transformer, sites, layers),
        effects=effects_of(transformer, pieces),
        pieces=pieces,
        side_by_side=isinstance(transformer, Transformer),  # another model is read by hooks, one pass at a time
    )


def arm_of_callable(fn: Callable[[Tensor], Tensor], name: str, probe: Tensor, pieces: list[bytes]) -> HarvestedModel:
    """Any function from token ids [window, position] to activations [window, position, unit].

    `probe` is a window to learn the number of units from. Raises ModelError if the function gives another shape, now
    or when it is read.
    """
    with torch.inference_mode():
        found = _checked(fn(probe), probe, None)
    units = int(found.shape[2])

    def read(tokens: Tensor) -> dict[Channel, Tensor]:
        return {(CALLABLE, 0): _checked(fn(tokens), tokens, units)}

    return HarvestedModel(
        record=ModelRecord(
            name=name, activation=None, n_layers=1, d_mlp=units, weights_sha256=None, tokenizer_sha256=None
        ),
        channels={(CALLABLE, 0): units},
        read=read,
        effects=None,
        pieces=pieces,
        answer_sha256=_digest(found, pieces),
    )


def _checked(found: object, tokens: Tensor, units: int | None) -> Tensor:
    """What a function gave, without its gradients. Raises ModelError if it is no tensor [window, position, unit]."""
    if isinstance(found, Tensor) and found.dim() == 3:
        windows, positions, given = found.shape
        if (windows, positions) == tokens.shape and given and units in {None, given}:
            return found.detach()
    shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
    wanted = "one unit or more" if units is None else f"{units} units as for the first window"
    msg = (
        f"the function gave {shape} for tokens {tuple(tokens.shape)}; it must give [window, position, unit], "
        f"a tensor with a place for every token and {wanted}"
    )
    raise ModelError(msg)


def _digest(found: Tensor, pieces: Sequence[bytes]) -> str:
    digest = hashlib.sha256(found.float().cpu().contiguous().numpy().tobytes())
    for piece in pieces:
        digest.update(len(piece).to_bytes(4) + piece)
    return digest.hexdigest()


def _ready(transformer: ReadableModel, options: HarvestOptions) -> ReadableModel:
    """The model on its device and in its arithmetic; the caller's own stays in the arithmetic it is in."""
    dtype = getattr(torch, options.dtype)
    held = chain(transformer.parameters(), transformer.buffers())
    if any(one.is_floating_point() and one.dtype != dtype for one in held):
        transformer = deepcopy(transformer)
    return transformer.to(device=device_of(options.device), dtype=dtype)


def _reading(transformer: ReadableModel, sites: Sequence[Site], layers: Sequence[int]) -> Read:
    """Our own transformer gives several sites in one pass; another model is asked for one after the other."""
    if isinstance(transformer, Transformer):
        return lambda tokens: _flat(transformer.read_sites(sites, tokens, layers))
    return lambda tokens: _flat({site: transformer.read_site(site, tokens, layers) for site in sites})


def _flat(found: Mapping[Site, Mapping[int, Tensor]]) -> dict[Channel, Tensor]:
    return {(site, layer): values for site, layers in found.items() for layer, values in layers.items()}


def _record(name: str, model: LoadedModel) -> ModelRecord:
    return ModelRecord(
        name=name,
        activation=model.config.activation,
        n_layers=model.config.n_layers,
        d_mlp=model.config.d_mlp,
        weights_sha256=model.weights_sha256,
        tokenizer_sha256=model.tokenizer.digest,
        certificate=_certificate(model),
    )


def _certificate(model: LoadedModel) -> dict[str, Any] | None:
    """The pairing certificate in the model's folder or the one above, if it is about this model."""
    for folder in (model.folder, model.folder.parent):
        path = folder / CERTIFICATE
        if path.is_file():
            certificate: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return certificate if model.config.activation in certificate.get("arms", []) else None
    return None
