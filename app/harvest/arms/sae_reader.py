"""Reads the latents of a sparse autoencoder or a transcoder where it belongs in a model."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from app.archive.manifest import ReadingRecord
from app.archive.site import require_site, site_named
from app.foundation.errors import ModelError
from app.harvest.arms.logit_effects import FindLogitEffects, LogitEffects, effects_of_directions
from app.harvest.arms.reader import (
    MakeReader,
    PlaceReading,
    Reader,
    reader_of_places,
    require_only_layer,
    width_at,
)
from app.harvest.options import HarvestOptions
from app.harvest.scan.device import resolve_device
from app.models.model_folder import LoadedModel
from app.models.place import STREAM_PARTS, Place, place_of_hook, place_of_module
from app.models.sparse_autoencoder import SparseAutoencoder
from app.models.transformer import Transformer


@dataclass(frozen=True)
class EncoderInput:
    """From a tensor of the model to what an encoder is multiplied with."""

    sae: SparseAutoencoder
    is_centred: bool
    """Whether the tensor's mean over dimensions is taken away first, since the SAE was trained without it."""

    def __call__(self, tensor: Tensor) -> Tensor:
        """[window, position, d_in] -> the same shape."""
        x = tensor.float()
        return self.sae.encoder_input(x - x.mean(dim=-1, keepdim=True) if self.is_centred else x)


def sae_reader(sae: SparseAutoencoder, site: str | None = None) -> MakeReader:
    """Makes readers of an SAE's or a transcoder's latents; the site is `sae:` and the folder's name.

    They raise ModelError if a model lacks the hook, or has another width there.
    """
    site = require_site(site) if site else site_named("sae", sae.folder.resolve().name)

    def make_reader(model: LoadedModel, options: HarvestOptions) -> Reader:
        place = _place_in_model(sae, sae.sae_config.hook_name, model)
        require_only_layer(place.layer, f"the hook {sae.sae_config.hook_name}", options)
        _require_width(sae, width_at(model, place))
        on_device = sae.to(resolve_device(options.device))
        reading = PlaceReading(
            channel=(site, place.layer),
            place=place,
            unit_count=sae.sae_config.d_sae,
            to_space=EncoderInput(on_device, _is_centred(sae, place, model)),
            to_units=on_device.latents,
            direction_norms=on_device.encoder_norms,
        )
        return reader_of_places(model, [reading], options, _record(sae, model), _find_effects(on_device, model))

    return make_reader


def _place_in_model(sae: SparseAutoencoder, hook_name: str, model: LoadedModel) -> Place:
    """The place that a hook's name means: a part of a block in TransformerLens's words, or the output of a module."""
    place = place_of_hook(hook_name)
    if place is None:
        return place_of_module(hook_name, model.config.n_layers)
    if place.block_part == "attn_z" and sae.sae_config.model_from_pretrained_kwargs.get("fold_value_biases") is True:
        msg = (
            f"{sae.folder} was trained on heads without their value biases (fold_value_biases), which this model has; "
            "use an SAE of the model as it is"
        )
        raise ModelError(msg)
    return place


def _require_width(sae: SparseAutoencoder, width: int) -> None:
    if width != sae.sae_config.d_in:
        msg = (
            f"{sae.folder}: d_in is {sae.sae_config.d_in}, but {sae.sae_config.hook_name} has {width} in this model; "
            "use the model that the SAE was trained on"
        )
        raise ModelError(msg)


def _is_centred(sae: SparseAutoencoder, place: Place, model: LoadedModel) -> bool:
    """Whether the SAE saw this place without its mean, by a rewriting of the weights that changes no logits."""
    writes_to_stream = place.block_part in STREAM_PARTS
    return sae.sae_config.is_of_centred_model and writes_to_stream and model.transformer.centres_stream


def _record(sae: SparseAutoencoder, model: LoadedModel) -> ReadingRecord:
    return ReadingRecord(
        read_by="transcoder" if sae.sae_config.is_transcoder else "sae",
        place=sae.sae_config.hook_name,
        output_place=sae.sae_config.hook_name_out if sae.sae_config.is_transcoder else None,
        architecture=sae.sae_config.architecture,
        sha256=sae.sha256,
        model_weights_sha256=model.weights_sha256,
    )


def _find_effects(sae: SparseAutoencoder, model: LoadedModel) -> FindLogitEffects | None:
    """A function that finds the effects of the decoder's directions, if they are added to our residual stream."""
    transformer, hook_name = model.transformer, sae.sae_config.hook_name
    output_place = place_of_hook((sae.sae_config.hook_name_out or "") if sae.sae_config.is_transcoder else hook_name)
    if not isinstance(transformer, Transformer) or output_place is None or output_place.block_part not in STREAM_PARTS:
        return None

    def effects_of(_: str, __: int) -> Iterator[LogitEffects]:
        return effects_of_directions(transformer, sae.weights["W_dec"], model.tokenizer.pieces)

    return effects_of
