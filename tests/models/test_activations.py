"""The activations against the paper's worked values, their algebra, and formulas written out in NumPy."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from app.models.activations import activation_function, gelu, gelu_tanh, relu, solu
from app.models.config import Activation
from app.models.readable_model import TypedModule
from app.models.transformer import BlockedLayerNorm
from tests.models.conftest import tiny_config

VECTORS = arrays.arrays(np.float64, st.integers(2, 24), elements=st.floats(-12, 12))


def layer_norm(x: torch.Tensor) -> torch.Tensor:
    """Mean 0 and variance 1, with no epsilon, which scale invariance does not survive."""
    centred = x - x.mean(-1, keepdim=True)
    return centred / centred.pow(2).mean(-1, keepdim=True).sqrt()


@pytest.mark.parametrize(
    ("inputs", "expected", "tolerance"),
    [
        ((4.0, 1.0, 4.0, 1.0), (2.0, 0.0, 2.0, 0.0), 0.1),
        ((4.0, 0.0, 0.0, 0.0), (4.0, 0.0, 0.0, 0.0), 0.25),
        ((1.0, 1.0, 1.0, 1.0), (0.25, 0.25, 0.25, 0.25), 1e-7),
    ],
)
def test_solu_gives_the_values_the_paper_prints(
    inputs: tuple[float, ...], expected: tuple[float, ...], tolerance: float
) -> None:
    assert solu(torch.tensor(inputs)).numpy() == pytest.approx(np.array(expected), abs=tolerance)


@given(VECTORS)
def test_solu_is_x_times_its_softmax(x: np.ndarray) -> None:
    weights = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    assert solu(torch.from_numpy(x)).numpy() == pytest.approx(x * weights, abs=1e-5)


@given(VECTORS)
def test_layernorm_of_solu_is_layernorm_of_x_times_exp_x(x: np.ndarray) -> None:
    values = torch.from_numpy(x)
    product = values * (values - values.max()).exp()
    if product.std(correction=0) < 1e-3 * product.abs().max() or product.abs().max() < 1e-3:
        return  # all equal: nothing is left to normalise
    soft = values * functional.softmax(values, dim=-1)
    assert torch.allclose(layer_norm(soft), layer_norm(product), atol=1e-6)
    assert torch.allclose(layer_norm(solu(values)), layer_norm(soft), atol=1e-2)  # ours has a float32 softmax


@given(VECTORS, st.floats(0.1, 100))
def test_layernorm_removes_the_scale_of_solu(x: np.ndarray, scale: float) -> None:
    values = solu(torch.from_numpy(x))
    if values.std(correction=0) < 1e-4:
        return
    assert torch.allclose(layer_norm(values * scale), layer_norm(values), atol=1e-9)


def test_a_shift_of_all_inputs_does_not_change_the_softmax() -> None:
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(solu(x + 5) / (x + 5), solu(x) / x, atol=1e-6)


def test_blocked_solu_is_solu_of_each_block() -> None:
    x = torch.randn(2, 3, 12, generator=torch.Generator().manual_seed(2))
    expected = torch.cat([solu(part) for part in torch.chunk(x, 3, dim=-1)], dim=-1)
    assert torch.equal(solu(x, blocks=3), expected)
    assert not torch.allclose(solu(x, blocks=3), solu(x))


def test_blocked_layernorm_is_layernorm_of_each_block() -> None:
    x = torch.randn(2, 12, generator=torch.Generator().manual_seed(3))
    norm: TypedModule = BlockedLayerNorm(12, blocks=3, eps=1e-5)
    expected = torch.cat([functional.layer_norm(part, (4,)) for part in torch.chunk(x, 3, dim=-1)], dim=-1)
    assert torch.allclose(norm(x), expected, atol=1e-6)


def test_the_two_gelus_are_their_formulas_and_differ_by_less_than_5e_4() -> None:
    x = torch.linspace(-8, 8, 16_001, dtype=torch.float64)
    exact = [value / 2 * (1 + math.erf(value / math.sqrt(2))) for value in x.tolist()]
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    assert gelu(x).numpy() == pytest.approx(np.array(exact), abs=1e-12)
    assert gelu_tanh(x).numpy() == pytest.approx((x / 2 * (1 + inner.tanh())).numpy(), abs=1e-12)
    assert 4.6e-4 < (gelu(x) - gelu_tanh(x)).abs().max() < 4.8e-4


def test_solu_keeps_the_type_of_its_input_and_has_the_gradient_of_its_formula() -> None:
    x = torch.randn(2, 8, generator=torch.Generator().manual_seed(4), requires_grad=True)
    (ours,) = torch.autograd.grad(solu(x).sum(), x)
    (written_out,) = torch.autograd.grad((x * functional.softmax(x, dim=-1)).sum(), x)
    assert torch.allclose(ours, written_out)
    assert solu(x.detach().bfloat16()).dtype == torch.bfloat16


def test_solu_without_a_gradient_changes_neither_its_input_nor_its_values() -> None:
    x = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
    original = x.clone()
    with torch.inference_mode():
        fast = solu(x)
    assert torch.equal(x, original)
    assert torch.equal(fast, solu(x.clone().requires_grad_()).detach())


@pytest.mark.parametrize(
    ("name", "function"),
    [("gelu", gelu), ("gelu_ln", gelu), ("gelu_tanh", gelu_tanh), ("relu", relu), ("solu", solu), ("solu_ln", solu)],
)
def test_every_activation_name_has_its_function(name: Activation, function: torch.nn.Module) -> None:
    x = torch.randn(2, 8, generator=torch.Generator().manual_seed(6))
    assert torch.equal(activation_function(name)(x), function(x))
    assert tiny_config(name).sites[:2] == ("mlp.pre", "mlp.act")
