"""What a harvest reads of a model, as options of the command or of Python say: sites, an SAE, a module, or a control.

Modules that load torch are imported in the functions that need them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from app.archive.site import MLP_SITES, site_kind
from app.foundation.choices import require_choice
from app.foundation.errors import SettingsError
from app.harvest.options import HarvestOptions

if TYPE_CHECKING:
    from app.harvest.arms.reader import MakeReader
    from app.models.model_folder import LoadedModel

Control = Literal["directions", "random-model"]
SITES_OF_MODELS = f"{', '.join(MLP_SITES)} or resid.LAYER"


@dataclass(frozen=True)
class ReadingChoices:
    """What the options say of what is to be read."""

    sites: tuple[str, ...]
    sae_folder: Path | None
    module_name: str | None
    control: Control | None

    def __post_init__(self) -> None:
        """Raises SettingsError if there is no such control, or if the options do not go together."""
        if self.control is not None:
            require_choice("control", self.control, get_args(Control))
        if self.sae_folder is not None and self.module_name is not None:
            msg = "--sae and --hook read two things; make an archive of each"
            raise SettingsError(msg)
        if self.module_name == "":
            msg = "--hook is empty; name a module of the model, as PyTorch does, such as blocks.0.attention"
            raise SettingsError(msg)
        if len(self.sites) > 1 and self.reads_one_thing:
            msg = "several sites cannot be read together with --sae, --hook or --control directions; name one site"
            raise SettingsError(msg)
        for site in self.sites:
            self._require_fitting(site)

    @property
    def reads_one_thing(self) -> bool:
        """Whether there is one archive for each model, and not one for each site."""
        return self.sae_folder is not None or self.module_name is not None or self.control == "directions"

    @property
    def name_suffix(self) -> str:
        """What is added to a model's name in its archive: a random twin has a name of its own."""
        return "-random" if self.control == "random-model" else ""

    def _require_fitting(self, site: str) -> None:
        """Raise SettingsError unless a site is a place in models, or names what --sae or --hook reads."""
        if self.sae_folder is not None or self.module_name is not None:
            option, kind = ("--sae", "sae") if self.sae_folder is not None else ("--hook", "hook")
            if site_kind(site) != kind:
                msg = f"with {option} the site can only be named, as {kind}:NAME; {site} is read without {option}"
                raise SettingsError(msg)
        elif site_kind(site) not in ("mlp", "resid"):
            msg = f"{site} is no place in a model; give {SITES_OF_MODELS}, or --sae FOLDER, or --hook NAME"
            raise SettingsError(msg)

    def make_reader(self) -> "MakeReader":
        """A function that makes a reader of a model. Raises ModelError if the folder of an SAE cannot be used."""
        from app.harvest.arms.direction_reader import direction_reader

        reader = self._reader_without_control()
        return direction_reader(reader) if self.control == "directions" else reader

    def _reader_without_control(self) -> "MakeReader":
        from app.harvest.arms.hook_reader import hook_reader
        from app.harvest.arms.sae_reader import sae_reader
        from app.harvest.arms.site_reader import site_reader
        from app.models.sparse_autoencoder import load_sparse_autoencoder

        site_name = self.sites[0] if self.sites else None
        if self.sae_folder is not None:
            return sae_reader(load_sparse_autoencoder(self.sae_folder), site_name)
        if self.module_name is not None:
            return hook_reader(self.module_name, site_name)
        return site_reader(self.sites or (HarvestOptions.site,))

    def models_to_read(self, loaded: "Mapping[str, LoadedModel]", seed: int) -> "Mapping[str, LoadedModel]":
        """The models, or with the control `random-model` the random twin of each."""
        from app.models.random_twin import random_twin

        if self.control != "random-model":
            return loaded
        return {name: random_twin(model, seed) for name, model in loaded.items()}
