"""The direct effect of each neuron's output direction on the logits, past every later layer."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from app.archive.neuron import LogitEffect
from app.models.readable_model import ReadableModel
from app.models.transformer import Transformer

Effects = tuple[tuple[LogitEffect, ...], tuple[LogitEffect, ...]]
"""One neuron's most promoted and most suppressed tokens."""
EffectsOf = Callable[[str, int], Iterator[Effects]]
"""From a site and a layer to the effects of its neurons, in order."""
SHOWN = 10
"""Tokens kept at each end."""
NEURONS_AT_ONCE = 256


def effects_of(transformer: ReadableModel, pieces: list[bytes]) -> EffectsOf | None:
    """The effects of a model's layers; None for a model whose output directions are not known."""
    if not isinstance(transformer, Transformer):
        return None
    return lambda site, layer: logit_effects(transformer, layer, site, pieces)


def logit_effects(transformer: Transformer, layer: int, site: str, pieces: list[bytes]) -> Iterator[Effects]:
    """The most promoted and the most suppressed tokens of each neuron of a layer, in order of neuron.

    One unit of activation moves the residual stream by the neuron's column of the output matrix, times the gain of
    the extra LayerNorm where the site lies before one (its division by the token's own deviation left out). The
    logits then move by that direction, centred and scaled by the final norm's gain, times the unembedding; less
    the mean over tokens, which no prediction can feel.
    """
    with torch.inference_mode():
        directions = _directions(transformer, layer, site)  # [neuron, d_model]
        unembedding = transformer.unembed.weight * transformer.norm.weight
        for begin in range(0, len(directions), NEURONS_AT_ONCE):
            part = directions[begin : begin + NEURONS_AT_ONCE]
            centred = part - part.mean(dim=1, keepdim=True) if transformer.config.final_norm == "layernorm" else part
            effects = centred @ unembedding.T
            effects -= effects.mean(dim=1, keepdim=True)
            count = min(SHOWN, effects.shape[1])
            high, low = effects.topk(count), effects.topk(count, largest=False)
            promoted = _named(high.values, high.indices, pieces)
            suppressed = _named(low.values, low.indices, pieces)
            yield from zip(promoted, suppressed, strict=True)


def _directions(transformer: Transformer, layer: int, site: str) -> Tensor:
    mlp = transformer.layers[layer].mlp
    columns: Tensor = mlp.down.weight.T
    if mlp.norm is not None and site != "mlp.post_ln":
        return columns * mlp.norm.weight[:, None]
    return columns


def _named(effects: Tensor, tokens: Tensor, pieces: list[bytes]) -> Iterator[tuple[LogitEffect, ...]]:
    """[neuron, place] each; fetched from the device once, not once a neuron."""
    for values, indices in zip(effects.tolist(), tokens.tolist(), strict=True):
        yield tuple(LogitEffect(pieces[token], effect) for token, effect in zip(indices, values, strict=True))
