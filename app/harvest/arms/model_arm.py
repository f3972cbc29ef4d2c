"""A loaded model as an arm of a harvest."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import chain
from pathlib import Path

import torch

from app.archive.manifest import ControlRecord, ModelRecord
from app.foundation.digest import sha256_of_json
from app.foundation.errors import ModelError
from app.foundation.json_file import read_json_object
from app.foundation.json_types import JsonObject, JsonValue
from app.harvest.arms.arm import HarvestArm
from app.harvest.arms.reader import MakeReader, Reader
from app.harvest.options import HarvestOptions
from app.harvest.scan.device import resolve_device
from app.models.hugging_face import HuggingFaceModel
from app.models.model_folder import LoadedModel
from app.models.pairing_certificate import CERTIFICATE_FILE
from app.models.readable_model import ReadableModel


def model_arm(name: str, model: LoadedModel, make_reader: MakeReader, options: HarvestOptions) -> HarvestArm:
    """Make an arm of what is read of a loaded model. Raises ModelError if it has no such site, layer or module."""
    on_device = replace(model, transformer=_copy_on_device(model.transformer, options))
    reader = make_reader(on_device, options)
    return HarvestArm(
        record=_model_record(name, model, reader),
        channels=reader.channels,
        read=reader.read,
        find_effects=reader.find_effects,
        pieces=model.tokenizer.pieces,
        is_thread_safe=reader.is_thread_safe,
        trial_output_sha256=reader.trial_output_sha256,
        reading=reader.reading_record,
        controls=(*_controls_of_model(model), *reader.controls),
    )


def _copy_on_device(transformer: ReadableModel, options: HarvestOptions) -> ReadableModel:
    """The model on the device and in the arithmetic of the options; the caller's model keeps its arithmetic."""
    dtype = getattr(torch, options.dtype)
    tensors = chain(transformer.parameters(), transformer.buffers())
    if any(tensor.is_floating_point() and tensor.dtype != dtype for tensor in tensors):
        transformer = deepcopy(transformer)
    return transformer.to(device=resolve_device(options.device), dtype=dtype)


def _controls_of_model(model: LoadedModel) -> tuple[ControlRecord, ...]:
    """The record of a random twin; nothing for a trained model."""
    if model.twin_seed is None:
        return ()
    initialiser = "the transformers library's" if isinstance(model.transformer, HuggingFaceModel) else "First Glance's"
    description = (
        f"a randomly initialised twin of the model: its config and tokenizer, and weights drawn by {initialiser} "
        "initialiser"
    )
    return (ControlRecord(control="random-model", seed=model.twin_seed, description=description),)


def _model_record(name: str, model: LoadedModel, reader: Reader) -> ModelRecord:
    return ModelRecord(
        name=name,
        activation=model.config.activation,
        n_layers=model.config.n_layers,
        d_mlp=next(iter(reader.channels.values())),
        weights_sha256=_weights_of_reading(model, reader),
        tokenizer_sha256=model.tokenizer.digest,
        certificate=_read_certificate(model) if reader.reading_record is None and model.twin_seed is None else None,
    )


def _weights_of_reading(model: LoadedModel, reader: Reader) -> str | None:
    """The digest of all weights that decide what is read: the model's, and those of an SAE or drawn directions.

    None for a function, of which nothing is known.
    """
    if reader.reading_record is None:
        return model.weights_sha256
    if reader.reading_record.read_by == "callable":
        return None
    return sha256_of_json(
        {"reading": reader.reading_record.model_dump(mode="json"), "controls": _dump(reader.controls)}
    )


def _dump(controls: Sequence[ControlRecord]) -> list[JsonValue]:
    return [control.model_dump(mode="json") for control in controls]


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
