"""The interfaces of modules: from tensor to tensor, and a model whose activations can be read."""

from abc import abstractmethod
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from torch import Tensor, nn

from app.foundation.errors import ModelError
from app.models.config import ModelShape


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
    def read_site(self, site: str, token_ids: Tensor, layers: Sequence[int] | None = None) -> dict[int, Tensor]:
        """The activations [batch, token, d_mlp] at `site`, by layer; those of all layers if `layers` is None.

        Stops computing at the last of these layers. Raises ModelError on a site or layer that this model does not
        have, and on a window longer than `n_ctx`.
        """

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

    def require_window_fits(self, length: int) -> None:
        """Raise ModelError if a window of `length` tokens is longer than the model's context."""
        if length > self.config.n_ctx:
            msg = f"a window of {length} tokens does not fit this model; use at most {self.config.n_ctx}"
            raise ModelError(msg)
