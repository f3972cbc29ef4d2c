"""One readable decoder-only transformer. Arms of a pair differ in the MLP's activation and in nothing else.

Pre-norm blocks in sequence (attention, then MLP), learned positions, biases on every projection, LayerNorm
over the residual stream, unembedding tied or free. With `*_ln` the MLP has a LayerNorm after its activation:

    mlp.pre      x = LN(r) W_in + b_in                [batch, token, d_mlp]
    mlp.act      a = activation(x)                    [batch, token, d_mlp]   what evaluators judge
    mlp.post_ln  h = LN(a), only with an extra LayerNorm
    r <- r + h W_out + b_out
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from app.foundation.errors import ModelError
from app.models.activations import activation_function
from app.models.config import WITH_LAYERNORM, ModelConfig, Site

INIT_STD = 0.02


class Attention(nn.Module):
    """Causal multi-head self-attention."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.d_head = config.n_heads, config.d_head
        inner = config.n_heads * config.d_head
        self.qkv = nn.Linear(config.d_model, 3 * inner)
        self.out = nn.Linear(inner, config.d_model)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, token, d_model] -> the same shape."""
        batch, tokens, _ = x.shape
        heads = self.qkv(x).view(batch, tokens, 3, self.n_heads, self.d_head)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each [batch, head, token, d_head]
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, tokens, -1))


class BlockedLayerNorm(nn.Module):
    """LayerNorm within each of `blocks` equal parts of the last dimension; one block is the ordinary LayerNorm."""

    def __init__(self, size: int, blocks: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))
        self.blocks, self.eps = blocks, eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., size] -> the same shape, with mean 0 and variance 1 in each block, times weight plus bias."""
        if self.blocks == 1:
            return functional.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)
        parts = x.unflatten(-1, (self.blocks, -1))
        normal = functional.layer_norm(parts, parts.shape[-1:], eps=self.eps).flatten(-2)
        return normal * self.weight + self.bias


class Mlp(nn.Module):
    """The one part in which arms differ."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.up = nn.Linear(config.d_model, config.d_mlp)
        self.activation = activation_function(config.activation, config.blocks)
        self.norm = (
            BlockedLayerNorm(config.d_mlp, config.blocks, config.norm_eps)
            if config.activation in WITH_LAYERNORM
            else None
        )
        self.down = nn.Linear(config.d_mlp, config.d_model)

    def read(self, x: Tensor, site: Site) -> Tensor:
        """The activation at `site`, [batch, token, d_mlp], from the normed residual stream [batch, token, d_model]."""
        pre = self.up(x)
        if site == "mlp.pre":
            return pre
        act = self.activation(pre)
        if site == "mlp.act":
            return act
        if self.norm is None:
            msg = "this model has no LayerNorm after its activation, so no site mlp.post_ln; read mlp.act"
            raise ModelError(msg)
        return self.norm(act)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, token, d_model] -> the same shape."""
        return self.down(self.read(x, "mlp.act" if self.norm is None else "mlp.post_ln"))


class Block(nn.Module):
    """Attention, then MLP, each reading a normed copy of the residual stream and adding to it."""

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


class Transformer(nn.Module):
    """Token ids [batch, token] -> logits [batch, token, d_vocab], or the activation at a site."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Embedding(config.d_vocab, config.d_model)
        self.position = nn.Embedding(config.n_ctx, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        norm = nn.LayerNorm if config.final_norm == "layernorm" else nn.RMSNorm
        self.norm = norm(config.d_model, eps=config.norm_eps)
        self.unembed = nn.Linear(config.d_model, config.d_vocab, bias=not config.tied)
        if config.tied:
            self.unembed.weight = self.embed.weight

    def initialise(self, seed: int) -> None:
        """Draw every matrix from N(0, 0.02) in order of name; arms share all names but the extra LayerNorm's.

        Output projections are scaled by 1/sqrt(2 n_layers) (GPT-2), so that the residual stream keeps its size.
        """
        generator = torch.Generator().manual_seed(seed)
        for name, parameter in sorted(self.named_parameters()):
            if parameter.dim() < 2:
                nn.init.ones_(parameter) if ".weight" in name else nn.init.zeros_(parameter)
                continue
            last = name.endswith(("attention.out.weight", "mlp.down.weight"))
            scale = (2 * self.config.n_layers) ** -0.5 if last else 1.0
            nn.init.normal_(parameter, std=INIT_STD * scale, generator=generator)

    def _stream(self, tokens: Tensor) -> Tensor:
        if tokens.shape[1] > self.config.n_ctx:
            msg = f"a window of {tokens.shape[1]} tokens does not fit this model; use at most {self.config.n_ctx}"
            raise ModelError(msg)
        return self.embed(tokens) + self.position.weight[: tokens.shape[1]]

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, [batch, token, d_vocab]."""
        x = self._stream(tokens)
        for block in self.blocks:
            x = block(x)
        return self.unembed(self.norm(x))

    def forward_to(self, site: Site, tokens: Tensor, layers: tuple[int, ...] | None = None) -> dict[int, Tensor]:
        """The activation at `site` of each layer asked for (all by default), each [batch, token, d_mlp].

        Stops at the last layer asked for: nothing behind it, and no logits, is computed.
        """
        wanted = range(self.config.n_layers) if layers is None else layers
        last = max(wanted)
        found: dict[int, Tensor] = {}
        x = self._stream(tokens)
        for index, block in enumerate(self.blocks[: last + 1]):
            if index == last:
                found[index] = block.mlp.read(block.norm2(block.attend(x)), site)
                break
            if index in wanted:
                x = block.attend(x)
                found[index] = block.mlp.read(block.norm2(x), site)
                x = x + block.mlp(block.norm2(x))
                continue
            x = block(x)
        return found
