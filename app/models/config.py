"""The sizes and choices that make up a model, and the names of its activations and sites. No torch here."""

from typing import Literal, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.foundation.json_types import JsonObject

Activation = Literal["gelu", "gelu_tanh", "relu", "solu", "solu_ln", "gelu_ln"]
"""The MLP's activation: `gelu` is exact (erf), `gelu_tanh` its tanh form; `_ln` adds a LayerNorm after it."""

Site = Literal["mlp.pre", "mlp.act", "mlp.post_ln"]
"""Where activations are read: before the activation function, after it, and after the extra LayerNorm."""

GeluForm = Literal["tanh", "exact"]
"""What a checkpoint in TransformerLens's format means by `gelu`; its config does not say."""

Norm = Literal["layernorm", "rms"]

MOST_LAYERS = 1_000
"""More blocks than any model has; a config that asks for more is damaged, and building them would never end."""
LARGEST_SIZE = 1 << 24
"""The largest width, vocabulary or window of a model that First Glance trains or converts."""

ACTIVATIONS_WITH_LAYERNORM: frozenset[Activation] = frozenset({"solu_ln", "gelu_ln"})


class ModelShape(Protocol):
    """What a harvest needs to know of any model, ours or another library's."""

    @property
    def activation(self) -> str:
        """Name of the MLP's activation."""

    @property
    def n_layers(self) -> int:
        """Number of blocks."""

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""

    @property
    def d_mlp(self) -> int:
        """Neurons of a layer."""

    @property
    def d_vocab(self) -> int:
        """Number of token ids that the model knows."""

    @property
    def n_ctx(self) -> int:
        """Longest window in tokens, the first (BOS) included."""

    @property
    def bos(self) -> int:
        """Token id at position 0 of every window."""

    @property
    def special(self) -> tuple[int, ...]:
        """Token ids that never score."""

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites that can be read."""


class ModelConfig(BaseModel):
    """Sizes and choices of one transformer; the two arms of a pair differ only in `activation`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    activation: Activation
    n_layers: int = Field(ge=1, le=MOST_LAYERS)
    d_model: int = Field(ge=1, le=LARGEST_SIZE)
    n_heads: int = Field(ge=1, le=LARGEST_SIZE)
    d_head: int = Field(ge=1, le=LARGEST_SIZE)
    d_mlp: int = Field(ge=1, le=LARGEST_SIZE)
    d_vocab: int = Field(ge=2, le=LARGEST_SIZE)
    n_ctx: int = Field(ge=2, le=LARGEST_SIZE)
    """Longest window in tokens, the first (BOS) included."""
    blocks: int = Field(default=1, ge=1)
    """Softmax and extra LayerNorm run over this many equal parts of the hidden dimension."""
    tied: bool = True
    """The unembedding is the embedding's transpose."""
    final_norm: Norm = "layernorm"
    norm_eps: float = Field(default=1e-5, gt=0)
    bos: int = Field(default=0, ge=0)
    """Token id at position 0 of every window."""
    special: tuple[int, ...] = (0, 1)
    """Token ids that never score: BOS, end of document, padding."""

    @model_validator(mode="after")
    def _blocks_divide_d_mlp(self) -> Self:
        if self.d_mlp % self.blocks:
            msg = f"d_mlp is {self.d_mlp}, which {self.blocks} blocks do not divide; use a divisor of d_mlp"
            raise ValueError(msg)
        return self

    @property
    def sites(self) -> tuple[Site, ...]:
        """The sites of this model; only a model with an extra LayerNorm has `mlp.post_ln`."""
        if self.activation in ACTIVATIONS_WITH_LAYERNORM:
            return ("mlp.pre", "mlp.act", "mlp.post_ln")
        return ("mlp.pre", "mlp.act")

    def without_activation(self) -> JsonObject:
        """Everything that the arms of a fair pair have in common."""
        return self.model_dump(mode="json", exclude={"activation"})
