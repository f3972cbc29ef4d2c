"""A readable decoder-only transformer. The arms of a pair differ only in the MLP's activation.

Pre-norm blocks in sequence (attention, then MLP; Radford et al., 2019), learned positions, biases on every
projection, LayerNorm over the residual stream, unembedding tied or free. With `*_ln` the MLP has a LayerNorm
after its activation (Elhage et al., 2022, section 4.3):

    mlp.pre      x = LN(r) W_in + b_in                [batch, token, d_mlp]
    mlp.act      a = activation(x)                    [batch, token, d_mlp]   what evaluators judge
    mlp.post_ln  h = LN(a), only with an extra LayerNorm
    r <- r + h W_out + b_out
"""

from collections.abc import Collection, Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.foundation.errors import ModelError
from app.models.activations import activation_function
from app.models.config import ACTIVATIONS_WITH_LAYERNORM, ModelConfig, Site
from app.models.module_hooks import ModulePoint, read_module_points, require_module
from app.models.place import NORM_INPUTS, Part, Place
from app.models.readable_model import ReadableModel, TypedModule

INIT_STD = 0.02


class Attention(TypedModule):
    """Causal multi-head self-attention: softmax(Q K^T / sqrt(d_head)) V (Vaswani et al., 2017, section 3.2)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.d_head = config.n_heads, config.d_head
        all_heads = config.n_heads * config.d_head
        self.qkv = nn.Linear(config.d_model, 3 * all_heads)
        self.out = nn.Linear(all_heads, config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, token, d_model] -> the same shape."""
        output: Tensor = self.out(self.mix(x))
        return output

    def mix(self, x: Tensor) -> Tensor:
        """What the heads read, joined, [batch, token, n_heads * d_head], from the normed residual stream."""
        batch, tokens, _ = x.shape
        heads = self.qkv(x).view(batch, tokens, 3, self.n_heads, self.d_head)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each [batch, head, token, d_head]
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        joined: Tensor = mixed.transpose(1, 2).reshape(batch, tokens, -1)
        return joined


class BlockedLayerNorm(TypedModule):
    """LayerNorm within each of `blocks` equal parts of the last dimension; one block is the ordinary LayerNorm.

    Ba, Kiros and Hinton, 2016, section 3; in blocks, the variant of Elhage et al., 2022, for split hidden dimensions.
    """

    def __init__(self, size: int, blocks: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.blocks, self.eps = blocks, eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., size] -> the same shape, with mean 0 and variance 1 in each block, times weight plus bias."""
        if self.blocks == 1:
            return functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)
        parts = x.reshape(*x.shape[:-1], self.blocks, -1)
        normal = functional.layer_norm(parts, parts.shape[-1:], eps=self.eps)
        return normal.reshape(x.shape) * self.weight + self.bias


class Mlp(TypedModule):
    """The multi-layer perceptron with its sites: the one part in which arms differ."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.d_model, config.d_mlp)
        self.activation = activation_function(config.activation, config.blocks)
        self.norm = (
            BlockedLayerNorm(config.d_mlp, config.blocks, config.norm_eps)
            if config.activation in ACTIVATIONS_WITH_LAYERNORM
            else None
        )
        self.down = nn.Linear(config.d_mlp, config.d_model)

    def compute_sites(self, x: Tensor) -> Iterator[tuple[Site, Tensor]]:
        """Each site with its activations [batch, token, d_mlp], computed one by one as they are asked for."""
        pre: Tensor = self.up(x)
        yield "mlp.pre", pre
        act = self.activation(pre)
        yield "mlp.act", act
        if self.norm is not None:
            yield "mlp.post_ln", self.norm(act)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, token, d_model] -> the same shape."""
        act = self.activation(self.up(x))
        output: Tensor = self.down(act if self.norm is None else self.norm(act))
        return output


class TransformerBlock(TypedModule):
    """Attention, then MLP; each reads a normed copy of the residual stream and adds to it."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.d_model, eps=config.norm_eps)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.d_model, eps=config.norm_eps)
        self.mlp = Mlp(config)

    def attend(self, x: Tensor) -> Tensor:
        """The residual stream after attention, [batch, token, d_model]."""
        return x + self.attention(self.norm1(x))

    def forward(self, x: Tensor) -> Tensor:
        """The residual stream after the whole block, [batch, token, d_model]."""
        x = self.attend(x)
        return x + self.mlp(self.norm2(x))

    def compute_parts(self, x: Tensor) -> Iterator[tuple[Part, Tensor]]:
        """Each part of the block, in order, computed as it is asked for; the last is the stream after the block.

        What the norms give before gain and bias is no part here: it follows from the stream.
        """
        yield "resid_pre", x
        heads = self.attention.mix(self.norm1(x))
        yield "attn_z", heads
        from_attention: Tensor = self.attention.out(heads)
        yield "attn_out", from_attention
        x = x + from_attention
        yield "resid_mid", x
        for site, values in self.mlp.compute_sites(self.norm2(x)):
            yield site, values
            last_values = values
        yield "mlp.last", last_values
        from_mlp: Tensor = self.mlp.down(last_values)
        yield "mlp_out", from_mlp
        yield "resid_post", x + from_mlp


def _normal(stream: Tensor, eps: float) -> Tensor:
    """The residual stream with mean 0 and variance 1 for each token, as a norm makes it before gain and bias."""
    return functional.layer_norm(stream, stream.shape[-1:], eps=eps)


class Transformer(ReadableModel):
    """Token ids [batch, token] -> logits [batch, token, d_vocab], or the activations at its sites."""

    config: ModelConfig

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.d_vocab, config.d_model)
        self.position = nn.Embedding(config.n_ctx, config.d_model)
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.n_layers))
        norm = nn.LayerNorm if config.final_norm == "layernorm" else nn.RMSNorm
        self.norm = norm(config.d_model, eps=config.norm_eps)
        self.unembed = nn.Linear(config.d_model, config.d_vocab, bias=not config.tied)
        if config.tied:
            self.unembed.weight = self.embed.weight

    @property
    def layers(self) -> list[TransformerBlock]:
        """The blocks, in order."""
        return cast("list[TransformerBlock]", list(self.blocks))

    def initialise(self, seed: int) -> None:
        """Draw every matrix from N(0, 0.02²) in order of name; arms share all names but the extra LayerNorm's.

        Output projections are scaled by 1/sqrt(2 n_layers) (Radford et al., 2019, section 2.3), so that the
        residual stream keeps its size.
        """
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in sorted(self.named_parameters()):
            if parameter.dim() < 2:
                nn.init.ones_(parameter) if ".weight" in name else nn.init.zeros_(parameter)
                continue
            is_output = name.endswith(("attention.out.weight", "mlp.down.weight"))
            scale = (2 * self.config.n_layers) ** -0.5 if is_output else 1.0
            nn.init.normal_(parameter, std=INIT_STD * scale, generator=generator)

    def forward(self, x: Tensor) -> Tensor:
        """Token ids [batch, token] -> logits [batch, token, d_vocab], in nats up to a constant per token.

        Raises ModelError if the window is longer than `n_ctx`.
        """
        stream = self._embedded(x)
        for block in self.layers:
            stream = block(stream)
        logits: Tensor = self.unembed(self.norm(stream))
        return logits

    def read_places(self, places: Collection[Place], token_ids: Tensor) -> dict[Place, Tensor]:
        """As `ReadableModel.read_places`; only the outputs of modules are read by hooks."""
        parts = {place for place in places if place.block_part is not None}
        sources = {
            place: Place(place.layer, NORM_INPUTS.get(place.block_part or "", place.block_part)) for place in parts
        }
        streams = self._read_parts(set(sources.values()), token_ids) if parts else {}
        values = {
            place: _normal(streams[source], self.config.norm_eps) if source != place else streams[source]
            for place, source in sources.items()
        }
        points = {place: ModulePoint(require_module(self, place.module)) for place in places if place.module}
        return values | (read_module_points(points, token_ids, lambda: self(token_ids)) if points else {})

    def needs_hooks(self, places: Collection[Place]) -> bool:
        """Whether any place is the output of a module; the parts of blocks are read without hooks."""
        return any(place.module for place in places)

    @property
    def centres_stream(self) -> bool:
        """Whether every norm subtracts the mean: an RMS norm at the end does not."""
        return self.config.final_norm == "layernorm"

    def _read_parts(self, places: Collection[Place], token_ids: Tensor) -> dict[Place, Tensor]:
        """The parts of blocks. Nothing after the last of them is computed."""
        for place in places:
            self.require_layer(place.layer)
        parts_read: dict[Place, Tensor] = {}
        last_layer = max(place.layer for place in places)
        stream = self._embedded(token_ids)
        for layer, block in enumerate(self.layers[: last_layer + 1]):
            unread = {place.block_part for place in places if place.layer == layer}
            for part, activations in block.compute_parts(stream):
                if part in unread:
                    parts_read[Place(layer, part)] = activations
                    unread.remove(part)
                if layer == last_layer and not unread:
                    return parts_read
                after_block = activations
            stream = after_block
            self._require_all_read(unread, layer)
        return parts_read

    def _require_all_read(self, unread: Collection[str | None], layer: int) -> None:
        """Raise ModelError if a block has been computed without a part that was asked for."""
        for part in unread:
            msg = f"a {self.config.activation} model has no {part}, asked for in layer {layer}; read another part"
            raise ModelError(msg)

    def _embedded(self, token_ids: Tensor) -> Tensor:
        """The residual stream before the first block, [batch, token, d_model]."""
        length = token_ids.shape[1]
        self.require_window_fits(length)
        embedded: Tensor = self.embed(token_ids)
        return embedded + self.position.weight[:length]
