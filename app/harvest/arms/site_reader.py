"""Reads a model at its own sites: the MLP's, and the residual stream."""

from collections.abc import Iterator, Sequence
from typing import cast

from app.archive.site import MLP_SITES, layer_of_site, site_kind
from app.foundation.errors import SettingsError
from app.harvest.arms.logit_effects import FindLogitEffects, LogitEffects, logit_effect_finder
from app.harvest.arms.reader import MakeReader, PlaceReading, Reader, reader_of_places, require_only_layer, width_at
from app.harvest.options import HarvestOptions
from app.models.model_folder import LoadedModel
from app.models.place import Part, Place


def site_reader(sites: Sequence[str]) -> MakeReader:
    """Makes readers of some sites, in all layers that the options name.

    They raise ModelError if a model has no such site or layer, SettingsError if a site is no place in a model.
    """

    def make_reader(model: LoadedModel, options: HarvestOptions) -> Reader:
        readings = [reading for site in sites for reading in _readings_at(site, model, options)]
        return reader_of_places(model, readings, options, find_effects=_effects_of_neurons(model))

    return make_reader


def _readings_at(site: str, model: LoadedModel, options: HarvestOptions) -> list[PlaceReading]:
    if site_kind(site) not in ("mlp", "resid"):
        msg = f"{site} is no place in a model; say what is to be read there, an SAE, a hook or a function"
        raise SettingsError(msg)
    if (layer := layer_of_site(site)) is not None:
        require_only_layer(layer, site, options)
        place = Place(layer, "resid_post")
        return [PlaceReading((site, layer), place, width_at(model, place))]
    layers = tuple(range(model.config.n_layers)) if options.layers is None else tuple(sorted(set(options.layers)))
    model.transformer.require_sites_and_layers([site], layers)
    part = cast(Part, site)  # the sites of the MLP are parts
    return [PlaceReading((site, layer), Place(layer, part), model.config.d_mlp) for layer in layers]


def _effects_of_neurons(model: LoadedModel) -> FindLogitEffects | None:
    """A function that finds the effects of neurons, and none of dimensions of the residual stream."""
    find_effects = logit_effect_finder(model.transformer, model.tokenizer.pieces)
    if find_effects is None:
        return None

    def effects_of(site: str, layer: int) -> Iterator[LogitEffects]:
        return find_effects(site, layer) if site in MLP_SITES else iter(())

    return effects_of
