"""Reads the output of any module of a model, by the module's name."""

from app.archive.manifest import ReadingRecord
from app.archive.site import require_site, site_named
from app.harvest.arms.reader import (
    MakeReader,
    PlaceReading,
    Reader,
    reader_of_places,
    require_only_layer,
    width_at,
)
from app.harvest.options import HarvestOptions
from app.models.model_folder import LoadedModel
from app.models.place import place_of_module


def hook_reader(module_name: str, site: str | None = None) -> MakeReader:
    """Makes readers of the output of a module, as `get_submodule` names it; the site is `hook:` and its name.

    They raise ModelError if a model has no such module, with names that are close, or if its output is no tensor
    [batch, token, unit].
    """
    site = require_site(site) if site else site_named("hook", module_name)

    def make_reader(model: LoadedModel, options: HarvestOptions) -> Reader:
        place = place_of_module(module_name, model.config.n_layers)
        require_only_layer(place.layer, module_name, options)
        reading = PlaceReading((site, place.layer), place, width_at(model, place))
        reading_record = ReadingRecord(read_by="hook", place=module_name, model_weights_sha256=model.weights_sha256)
        return reader_of_places(model, [reading], options, reading_record)

    return make_reader
