"""The MLP activations, each beside its equation.

SoLU is from "Softmax Linear Units" (Elhage et al., 2022), section 3; GELU from Hendrycks and Gimpel (2016).
All take and give [..., d_mlp] and work on the last dimension, the hidden dimension of one token.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional

from app.models.config import Activation


def solu(x: Tensor, blocks: int = 1) -> Tensor:
    """SoLU(x) = x * softmax(x), the softmax within each of `blocks` equal parts of the last dimension.

    The softmax runs in float32, as in the published checkpoints.
    """
    parts = x.unflatten(-1, (blocks, -1))
    weights = functional.softmax(parts.float(), dim=-1).to(x.dtype)
    return (parts * weights).flatten(-2)


def gelu(x: Tensor) -> Tensor:
    """GELU(x) = x * Phi(x), with the exact normal distribution function."""
    return functional.gelu(x)


def gelu_tanh(x: Tensor) -> Tensor:
    """GELU by the tanh form: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))); at most 4.7e-4 from exact."""
    return functional.gelu(x, approximate="tanh")


def relu(x: Tensor) -> Tensor:
    """ReLU(x) = max(0, x)."""
    return functional.relu(x)


def activation_function(name: Activation, blocks: int = 1) -> Callable[[Tensor], Tensor]:
    """The function at site `mlp.act`: the activation before any extra LayerNorm."""
    if name in ("solu", "solu_ln"):
        return lambda x: solu(x, blocks)
    if name == "gelu_tanh":
        return gelu_tanh
    if name == "relu":
        return relu
    return gelu
