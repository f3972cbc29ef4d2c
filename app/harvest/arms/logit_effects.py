"""The direct effect of each neuron's output direction on the logits, past every later layer."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from app.archive.neuron import LogitEffect
from app.models.readable_model import ReadableModel
from app.models.transformer import Transformer

LogitEffects = tuple[tuple[LogitEffect, ...], tuple[LogitEffect, ...]]
"""One neuron's most promoted and most demoted tokens."""
FindLogitEffects = Callable[[str, int], Iterator[LogitEffects]]
"""A function from a site and a layer to the effects of its neurons, in order."""
TOKENS_SHOWN = 10
"""Each neuron gets this many promoted tokens, and as many demoted ones."""
NEURONS_AT_ONCE = 256


def logit_effect_finder(transformer: ReadableModel, pieces: list[bytes]) -> FindLogitEffects | None:
    """A function that finds the effects of a model's neurons; None for a model whose output weights are unknown."""
    if not isinstance(transformer, Transformer):
        return None
    return lambda site, layer: find_logit_effects(transformer, layer, site, pieces)


def find_logit_effects(transformer: Transformer, layer: int, site: str, pieces: list[bytes]) -> Iterator[LogitEffects]:
    """The most promoted and the most demoted tokens of each neuron of a layer, in order of neuron.

    One unit of activation moves the residual stream by the neuron's column of the output matrix, times the gain of
    the extra LayerNorm where the site lies before one (its division by the token's own deviation left out). The
    logits then move by that direction, centred and scaled by the final norm's gain, times the unembedding, minus
    the mean over tokens, which changes no prediction.
    """
    return effects_of_directions(transformer, _output_directions(transformer, layer, site), pieces)


def effects_of_directions(transformer: Transformer, directions: Tensor, pieces: list[bytes]) -> Iterator[LogitEffects]:
    """The effects of directions [unit, d_model] that units add to the residual stream, in order of unit."""
    with torch.inference_mode():
        unembedding = transformer.unembed.weight * transformer.norm.weight  # [token, d_model]
        for begin in range(0, len(directions), NEURONS_AT_ONCE):
            part = directions[begin : begin + NEURONS_AT_ONCE].to(unembedding)  # an SAE stays in float32
            centred = part - part.mean(dim=1, keepdim=True) if transformer.config.final_norm == "layernorm" else part
            logits = centred @ unembedding.T  # [neuron, token]
            logits -= logits.mean(dim=1, keepdim=True)
            count = min(TOKENS_SHOWN, logits.shape[1])
            high, low = logits.topk(count), logits.topk(count, largest=False)  # each [neuron, rank]
            promoted = _with_pieces(high.values, high.indices, pieces)
            demoted = _with_pieces(low.values, low.indices, pieces)
            yield from zip(promoted, demoted, strict=True)


def _output_directions(transformer: Transformer, layer: int, site: str) -> Tensor:
    """[neuron, d_model] what one unit of each neuron's activation adds to the residual stream."""
    mlp = transformer.layers[layer].mlp
    directions: Tensor = mlp.down.weight.T
    if mlp.norm is not None and site != "mlp.post_ln":
        return directions * mlp.norm.weight[:, None]
    return directions


def _with_pieces(logits: Tensor, token_ids: Tensor, pieces: list[bytes]) -> Iterator[tuple[LogitEffect, ...]]:
    """The effects of each neuron, from logits and token ids [neuron, rank].

    The tensors are copied from the device once, not once for each neuron.
    """
    for effects, indices in zip(logits.tolist(), token_ids.tolist(), strict=True):
        yield tuple(LogitEffect(pieces[index], effect) for index, effect in zip(indices, effects, strict=True))
