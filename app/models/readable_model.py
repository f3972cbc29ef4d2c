"""The interfaces of modules: from tensor to tensor, and a model whose activations can be read."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from app.foundation.errors import ModelError
from app.models.config import ModelShape
from app.models.place import Part, Place


class TypedModule(nn.Module):
    """A module from one tensor to one tensor, declared for the type checker, since torch's own modules are not."""

    if TYPE_CHECKING:

        def __call__(self, x: Tensor) -> Tensor:
            """Run `forward` and the hooks that are registered on this module."""


class ReadableModel(TypedModule):
    """A model whose activations can be read.

    Called with token ids [batch, token] it gives logits [batch, token, d_vocab].
    """

    config: ModelShape

    @abstractmethod
    def read_places(self, places: Collection[Place], token_ids: Tensor) -> dict[Place, Tensor]:
        """What is computed at each of the places, [batch, token, unit], from one pass.

        Stops computing at the last of the places. Raises ModelError on a place that this model does not have, and on
        a window longer than `n_ctx`.
        """

    @abstractmethod
    def needs_hooks(self, places: Collection[Place]) -> bool:
        """Whether these places are read by hooks, which hear every pass, so that only one thread may read."""

    @property
    @abstractmethod
    def centres_stream(self) -> bool:
        """Whether every norm subtracts the mean, so that the residual stream's mean over units changes nothing."""

    def read_site(self, site: str, token_ids: Tensor, layers: Sequence[int] | None = None) -> dict[int, Tensor]:
        """The activations [batch, token, d_mlp] at a site of the MLP, by layer; of all layers if `layers` is None.

        Stops computing at the last of these layers. Raises ModelError on a site or layer that this model does not
        have, and on a window longer than `n_ctx`.
        """
        read_layers = range(self.config.n_layers) if layers is None else sorted(set(layers))
        self.require_sites_and_layers((site,), read_layers)
        part = cast(Part, site)  # as has just been checked
        values = self.read_places([Place(layer, part) for layer in read_layers], token_ids)
        return {layer: values[Place(layer, part)] for layer in read_layers}

    def require_sites_and_layers(self, sites: Collection[str], layers: Sequence[int]) -> None:
        """Raise ModelError unless this model has all the sites and layers, and at least one of each is named."""
        for site in sites:
            if site not in self.config.sites:
                readable = ", ".join(self.config.sites)
                msg = f"a {self.config.activation} model has no site {site}; read one of {readable}"
                raise ModelError(msg)
        n_layers = self.config.n_layers
        if not sites or not layers or not all(0 <= layer < n_layers for layer in layers):
            requested = ", ".join(map(str, layers)) or "none"
            msg = (
                f"layers asked for: {requested}; this model has layers 0 to {n_layers - 1}, "
                "so name at least one of them"
            )
            raise ModelError(msg)

    def require_layer(self, layer: int) -> None:
        """Raise ModelError unless this model has the layer."""
        if not 0 <= layer < self.config.n_layers:
            msg = f"there is no layer {layer}; this model has layers 0 to {self.config.n_layers - 1}"
            raise ModelError(msg)

    def require_window_fits(self, length: int) -> None:
        """Raise ModelError if a window of `length` tokens is longer than the model's context."""
        if length > self.config.n_ctx:
            msg = f"a window of {length} tokens does not fit this model; use at most {self.config.n_ctx}"
            raise ModelError(msg)
