"""The MLP's activation functions, each beside its equation.

All map [..., d_mlp] to the same shape, where the last axis is the hidden dimension of one token; values have no unit.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from app.models.config import Activation


def solu(x: Tensor, blocks: int = 1) -> Tensor:
    """SoLU(x) = x * softmax(x), the softmax within each of `blocks` equal parts of the last dimension.

    Elhage et al., "Softmax Linear Units", 2022, section 3. The softmax runs in float32 whatever the type of x, as in
    the published checkpoints; the result has the type of x. Several blocks are the paper's variant for models whose
    hidden dimension is split over devices.
    """
    parts = x.reshape(*x.shape[:-1], blocks, -1)
    weights = functional.softmax(parts, dim=-1, dtype=torch.float32).to(x.dtype)
    # Without a gradient to keep the softmax for, the product can take its place in memory: same values, less traffic.
    products = parts * weights if weights.requires_grad else weights.mul_(parts)
    return products.reshape(x.shape)


def gelu(x: Tensor) -> Tensor:
    """GELU(x) = x * Phi(x), Phi being the normal distribution function (Hendrycks and Gimpel, 2016, section 2)."""
    return functional.gelu(x)


def gelu_tanh(x: Tensor) -> Tensor:
    """GELU in its tanh form: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))).

    At most 4.8e-4 from the exact form (Hendrycks and Gimpel, 2016, section 2).
    """
    return functional.gelu(x, approximate="tanh")


def relu(x: Tensor) -> Tensor:
    """ReLU(x) = max(0, x) (Nair and Hinton, 2010)."""
    return functional.relu(x)


def activation_function(name: Activation, blocks: int = 1) -> Callable[[Tensor], Tensor]:
    """The function whose result is the site `mlp.act`, before any extra LayerNorm."""
    if name in ("solu", "solu_ln"):
        return partial(solu, blocks=blocks)
    if name == "gelu_tanh":
        return gelu_tanh
    if name == "relu":
        return relu
    return gelu
