"""A loaded model as an arm of a harvest."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from threading import Lock

import torch
from torch import Tensor

from app.archive.manifest import ModelRecord
from app.foundation.errors import ModelError
from app.foundation.json_file import read_json_object
from app.foundation.json_types import JsonObject
from app.harvest.arms.arm import HarvestArm
from app.harvest.arms.logit_effects import logit_effect_finder
from app.harvest.options import HarvestOptions
from app.harvest.scan.channel import Channel, ReadChannels
from app.harvest.scan.device import resolve_device
from app.models.model_folder import LoadedModel
from app.models.pairing_certificate import CERTIFICATE_FILE
from app.models.readable_model import ReadableModel
from app.models.transformer import Transformer

_hooks_in_use = Lock()


def model_arm(name: str, model: LoadedModel, sites: Sequence[str], options: HarvestOptions) -> HarvestArm:
    """Make an arm of a loaded model, read at some sites. Raises ModelError if it has no such site or layer."""
    layers = tuple(range(model.config.n_layers)) if options.layers is None else tuple(sorted(set(options.layers)))
    model.transformer.require_sites_and_layers(sites, layers)
    transformer = _copy_on_device(model.transformer, options)
    pieces = model.tokenizer.pieces
    return HarvestArm(
        record=_model_record(name, model),
        channels={(site, layer): model.config.d_mlp for site in sites for layer in layers},
        read=_reader(transformer, sites, layers),
        find_effects=logit_effect_finder(transformer, pieces),
        pieces=pieces,
        is_thread_safe=isinstance(transformer, Transformer) or resolve_device(options.device) == "cuda",
    )


def _copy_on_device(transformer: ReadableModel, options: HarvestOptions) -> ReadableModel:
    """The model on the device and in the arithmetic of the options; the caller's model keeps its arithmetic."""
    dtype = getattr(torch, options.dtype)
    tensors = chain(transformer.parameters(), transformer.buffers())
    if any(tensor.is_floating_point() and tensor.dtype != dtype for tensor in tensors):
        transformer = deepcopy(transformer)
    return transformer.to(device=resolve_device(options.device), dtype=dtype)


def _reader(transformer: ReadableModel, sites: Sequence[str], layers: Sequence[int]) -> ReadChannels:
    """A function that reads the sites: in one pass of our own transformer, or one pass per site of another model."""
    if isinstance(transformer, Transformer):
        return lambda token_ids: _by_channel(transformer.read_sites(sites, token_ids, layers))
    return HookedReader(transformer, sites, layers)


@dataclass(frozen=True)
class HookedReader:
    """Reads the sites of a model by hooks, which hear every pass, so only one thread reads at a time.

    On a graphics card this costs nothing: a thread leaves as soon as the pass is asked for. On the processor it would
    leave all cores but one idle.
    """

    transformer: ReadableModel
    sites: Sequence[str]
    layers: Sequence[int]

    def __call__(self, token_ids: Tensor) -> dict[Channel, Tensor]:
        """Activations by channel, each [window, position, neuron], of token ids [window, position]."""
        with _hooks_in_use:
            return _by_channel({site: self.transformer.read_site(site, token_ids, self.layers) for site in self.sites})


def _by_channel(by_site: Mapping[str, Mapping[int, Tensor]]) -> dict[Channel, Tensor]:
    """Activations [window, position, neuron] by site and layer, as one mapping by channel."""
    return {
        (site, layer): batch_activations
        for site, by_layer in by_site.items()
        for layer, batch_activations in by_layer.items()
    }


def _model_record(name: str, model: LoadedModel) -> ModelRecord:
    return ModelRecord(
        name=name,
        activation=model.config.activation,
        n_layers=model.config.n_layers,
        d_mlp=model.config.d_mlp,
        weights_sha256=model.weights_sha256,
        tokenizer_sha256=model.tokenizer.digest,
        certificate=_read_certificate(model),
    )


def _parse_certificate(path: Path) -> JsonObject:
    try:
        return read_json_object(path)
    except ValueError as error:
        msg = f"{path} cannot be read as a certificate ({error}); copy it again, or delete it to harvest without one"
        raise ModelError(msg) from error


def _read_certificate(model: LoadedModel) -> JsonObject | None:
    """The pairing certificate in the model's folder or its parent, if it is about this model."""
    for folder in (model.folder, model.folder.parent):
        path = folder / CERTIFICATE_FILE
        if path.is_file():
            certificate = _parse_certificate(path)
            arms = certificate.get("arms", [])
            return certificate if isinstance(arms, dict | list) and model.config.activation in arms else None
    return None
