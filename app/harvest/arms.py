"""What is harvested: a loaded model or any callable, as an arm."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from app.foundation.errors import ModelError
from app.harvest.devices import device_of
from app.harvest.logits import effects_of
from app.harvest.manifest import ModelRecord
from app.harvest.neuron import EffectsOf
from app.harvest.options import HarvestOptions
from app.harvest.reading import Channel, Read
from app.models.checkpoints import LoadedModel
from app.models.config import Site
from app.models.parts import Reader
from app.models.transformer import Transformer

CERTIFICATE = "certificate.json"
CALLABLE = "callable"
"""The site of a callable, whose place in its model only its author knows."""


@dataclass(frozen=True)
class Arm:
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


def arm_of(name: str, model: LoadedModel, sites: Sequence[Site], options: HarvestOptions) -> Arm:
    """A loaded model at some sites. Raises ModelError if it has no such site or layer."""
    transformer = model.transformer
    layers = tuple(range(model.config.n_layers)) if options.layers is None else tuple(sorted(set(options.layers)))
    transformer.require(sites, layers)
    transformer.to(device=device_of(options.device), dtype=getattr(torch, options.dtype))
    pieces = model.tokenizer.pieces
    return Arm(
        record=_record(name, model),
        channels={(site, layer): model.config.d_mlp for site in sites for layer in layers},
        read=_reading(transformer, sites, layers),
        effects=effects_of(transformer, pieces),
        pieces=pieces,
        side_by_side=isinstance(transformer, Transformer),  # another model is read by hooks, one pass at a time
    )


def arm_of_callable(fn: Callable[[Tensor], Tensor], name: str, probe: Tensor, pieces: list[bytes]) -> Arm:
    """Any function from token ids [window, position] to activations [window, position, unit].

    `probe` is a window to learn the number of units from. Raises ModelError if the function gives another shape.
    """
    with torch.inference_mode():
        found = fn(probe)
    if not isinstance(found, Tensor) or found.dim() != 3 or found.shape[:2] != probe.shape:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        msg = f"the function gave {shape} for tokens {tuple(probe.shape)}; it must give [window, position, unit]"
        raise ModelError(msg)
    units = int(found.shape[2])
    return Arm(
        record=ModelRecord(
            name=name, activation=None, n_layers=1, d_mlp=units, weights_sha256=None, tokenizer_sha256=None
        ),
        channels={(CALLABLE, 0): units},
        read=lambda tokens: {(CALLABLE, 0): fn(tokens)},
        effects=None,
        pieces=pieces,
    )


def _reading(transformer: Reader, sites: Sequence[Site], layers: Sequence[int]) -> Read:
    """Our own transformer gives several sites in one pass; another model is asked for one after the other."""
    if isinstance(transformer, Transformer):
        return lambda tokens: _flat(transformer.read(sites, tokens, layers))
    return lambda tokens: _flat({site: transformer.forward_to(site, tokens, layers) for site in sites})


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
