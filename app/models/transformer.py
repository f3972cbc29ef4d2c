"""A readable decoder-only transformer. The arms of a pair differ only in the MLP's activation.

Pre-norm blocks in sequence (attention, then MLP; Radford et al., 2019), learned positions, biases on every
projection, LayerNorm over the residual stream, unembedding tied or free. With `*_ln` the MLP has a LayerNorm
after its activation (Elhage et al., 2022, section 4.3):

    mlp.pre      x = LN(r) W_in + b_in                [batch, token, d_mlp]
    mlp.act      a = activation(x)                    [batch, token, d_mlp]   what evaluators judge
    mlp.post_ln  h = LN(a), only with an extra LayerNorm
    r <- r + h W_out + b_out
"""

from collections.abc import Collection, Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.models.activations import activation_function
from app.models.config import ACTIVATIONS_WITH_LAYERNORM, ModelConfig, Site
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
        batch, tokens, _ = x.shape
        heads = self.qkv(x).view(batch, tokens, 3, self.n_heads, self.d_head)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each [batch, head, token, d_head]
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        output: Tensor = self.out(mixed.transpose(1, 2).reshape(batch, tokens, -1))
        return output


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
        self.last_site: Site = config.sites[-1]

    def compute_sites(self, x: Tensor) -> Iterator[tuple[Site, Tensor]]:
        """Each site with its activations [batch, token, d_mlp], computed one by one as they are asked for."""
        pre: Tensor = self.up(x)
        yield "mlp.pre", pre
        act = self.activation(pre)
        yield "mlp.act", act
        if self.norm is not None:
            yield "mlp.post_ln", self.norm(act)

    def read_sites(self, x: Tensor, sites: Collection[str]) -> dict[str, Tensor]:
        """The activations [batch, token, d_mlp] at `sites`, from the normed residual stream [batch, token, d_model].

        Nothing after the last of the sites is computed.
        """
        values_by_site: dict[str, Tensor] = {}
        for site, values in self.compute_sites(x):
            if site in sites:
                values_by_site[site] = values
            if len(values_by_site) == len(sites):
                break
        return values_by_site

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

    def read_site(self, site: str, token_ids: Tensor, layers: Sequence[int] | None = None) -> dict[int, Tensor]:
        """The activations [batch, token, d_mlp] at `site`, by layer; those of all layers if `layers` is None.

        Nothing after the site in the last of these layers is computed. Raises ModelError
        on a site or layer that this model does not have, and on a window longer than `n_ctx`.
        """
        return self.read_sites((site,), token_ids, layers)[site]

    def read_sites(
        self, sites: Collection[str], token_ids: Tensor, layers: Sequence[int] | None = None
    ) -> dict[str, dict[int, Tensor]]:
        """The activations at several sites, by site and layer, from one pass; other arguments as in `read_site`."""
        read_layers = range(self.config.n_layers) if layers is None else layers
        self.require_sites_and_layers(sites, read_layers)
        values_by_layer: dict[str, dict[int, Tensor]] = {site: {} for site in sites}
        last_layer = max(read_layers)
        stream = self._embedded(token_ids)
        for layer, block in enumerate(self.layers[: last_layer + 1]):
            stream = block.attend(stream)
            sites_of_layer = set(sites) if layer in read_layers else set()
            goes_on = layer < last_layer
            needed = sites_of_layer | {block.mlp.last_site} if goes_on else sites_of_layer
            values = block.mlp.read_sites(block.norm2(stream), needed)
            for site in sites_of_layer:
                values_by_layer[site][layer] = values[site]
            if goes_on:
                stream = stream + block.mlp.down(values[block.mlp.last_site])
        return values_by_layer

    def _embedded(self, token_ids: Tensor) -> Tensor:
        """The residual stream before the first block, [batch, token, d_model]."""
        length = token_ids.shape[1]
        self.require_window_fits(length)
        embedded: Tensor = self.embed(token_ids)
        return embedded + self.position.weight[:length]
