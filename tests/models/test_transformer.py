"""The transformer against hooks on its own full pass, and against the same model written out with other operations."""

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from app.foundation.errors import ModelError
from app.models.config import Activation, ModelConfig, Site
from app.models.place import Place
from app.models.training import sha256_of_shared_weights
from app.models.transformer import Transformer
from tests.models.conftest import ARMS, random_transformer, tiny_config


def some_tokens(config: ModelConfig, batch: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(9)
    return torch.randint(0, config.d_vocab, (batch, config.n_ctx), generator=generator)


def values_by_hooks(transformer: Transformer, tokens: Tensor) -> list[dict[Site, Tensor]]:
    """What passes through each layer's modules in an ordinary full pass."""
    values: list[dict[Site, Tensor]] = [{} for _ in transformer.layers]

    def on_output(layer: int, site: Site) -> Callable[[nn.Module, object, Tensor], None]:
        return lambda _, __, output: values[layer].update({site: output})

    def on_input(layer: int, site: Site) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda _, inputs: values[layer].update({site: inputs[0]})

    for layer, block in enumerate(transformer.layers):
        block.mlp.up.register_forward_hook(on_output(layer, "mlp.pre"))
        (block.mlp.norm or block.mlp.down).register_forward_pre_hook(on_input(layer, "mlp.act"))
        if block.mlp.norm is not None:
            block.mlp.norm.register_forward_hook(on_output(layer, "mlp.post_ln"))
    transformer(tokens)
    return values


@pytest.mark.parametrize("activation", [*ARMS, "relu", "gelu_tanh"])
@pytest.mark.parametrize("blocks", [1, 4])
def test_every_site_equals_what_hooks_record_in_a_full_pass(activation: Activation, blocks: int) -> None:
    transformer = random_transformer(tiny_config(activation, n_layers=3, blocks=blocks))
    tokens = some_tokens(transformer.config)
    with torch.inference_mode():
        recorded = values_by_hooks(transformer, tokens)
        for site in transformer.config.sites:
            read = transformer.read_site(site, tokens)
            assert all(torch.equal(read[layer], recorded[layer][site]) for layer in range(3))


def test_all_sites_can_be_read_in_one_pass_and_only_at_the_layers_asked_for() -> None:
    transformer = random_transformer(tiny_config("solu_ln", n_layers=3))
    tokens = some_tokens(transformer.config)
    with torch.inference_mode():
        places = [Place(layer, site) for layer in (2, 0) for site in transformer.config.sites]
        read = transformer.read_places(places, tokens)
        assert read.keys() == set(places)
        for site in transformer.config.sites:
            alone = transformer.read_site(site, tokens, layers=(0, 2))
            assert all(torch.equal(alone[layer], read[Place(layer, site)]) for layer in (0, 2))


def test_reading_stops_at_the_site_of_the_last_layer_asked_for() -> None:
    transformer = random_transformer(tiny_config("solu_ln", n_layers=3))
    ran: list[str] = []
    for name, module in transformer.named_modules():
        module.register_forward_pre_hook(lambda _, __, name=name: ran.append(name))
    transformer.read_site("mlp.act", some_tokens(transformer.config), layers=(1,))
    assert not [name for name in ran if name.startswith(("blocks.2", "norm", "unembed"))]
    assert "blocks.1.mlp.up" in ran
    assert not {"blocks.1.mlp.norm", "blocks.1.mlp.down"} & set(ran)


def logits_by_einsum(transformer: Transformer, tokens: Tensor) -> Tensor:
    """The logits of a solu_ln model by einsum and an explicit mask, reading nothing but the parameters."""
    get = dict(transformer.named_parameters()).__getitem__
    config, eps = transformer.config, transformer.config.norm_eps

    def norm(x: Tensor, name: str) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.pow(2).mean(-1, keepdim=True) + eps).sqrt() * get(f"{name}.weight") + get(
            f"{name}.bias"
        )

    def linear(x: Tensor, name: str) -> Tensor:
        return torch.einsum("bti,oi->bto", x, get(f"{name}.weight")) + get(f"{name}.bias")

    length = tokens.shape[1]
    mask = torch.ones(length, length).tril().bool()
    x = get("embed.weight")[tokens] + get("position.weight")[:length]
    for layer in range(config.n_layers):
        at = f"blocks.{layer}"
        q, k, v = linear(norm(x, f"{at}.norm1"), f"{at}.attention.qkv").chunk(3, dim=-1)
        heads = [part.reshape(*part.shape[:2], config.n_heads, config.d_head) for part in (q, k, v)]
        scores = torch.einsum("bqhd,bkhd->bhqk", heads[0], heads[1]) / math.sqrt(config.d_head)
        pattern = functional.softmax(scores.masked_fill(~mask, -math.inf), dim=-1)
        mixed = torch.einsum("bhqk,bkhd->bqhd", pattern, heads[2]).flatten(-2)
        x = x + linear(mixed, f"{at}.attention.out")
        pre = linear(norm(x, f"{at}.norm2"), f"{at}.mlp.up")
        x = x + linear(norm(pre * functional.softmax(pre, dim=-1), f"{at}.mlp.norm"), f"{at}.mlp.down")
    return norm(x, "norm") @ get("embed.weight").T


def test_the_logits_equal_the_model_written_out_in_other_operations() -> None:
    transformer = random_transformer(tiny_config("solu_ln")).double()
    tokens = some_tokens(transformer.config)
    expected = logits_by_einsum(transformer, tokens)
    assert torch.allclose(transformer(tokens), expected, atol=1e-4)  # softmax within SoLU is float32


def test_later_tokens_do_not_change_earlier_activations() -> None:
    transformer = random_transformer(tiny_config("solu_ln"))
    tokens = some_tokens(transformer.config)
    changed = tokens.clone()
    changed[:, 8:] = (changed[:, 8:] + 1) % transformer.config.d_vocab
    before, after = (transformer.read_site("mlp.act", ids)[1][:, :8] for ids in (tokens, changed))
    assert torch.allclose(before, after, atol=1e-6)


def test_all_arms_start_from_the_same_shared_weights() -> None:
    digests, starts = set(), []
    for activation in ARMS:
        transformer = Transformer(tiny_config(activation))
        transformer.initialise(seed=5)
        digests.add(sha256_of_shared_weights(transformer))
        starts.append(dict(transformer.named_parameters()))
    assert len(digests) == 1
    extra = {f"blocks.{layer}.mlp.norm.{part}" for layer in range(2) for part in ("weight", "bias")}
    assert starts[1].keys() - starts[0].keys() == extra
    assert all(torch.equal(starts[0][name], start[name]) for start in starts for name in starts[0])
    other_seed = Transformer(tiny_config("gelu"))
    other_seed.initialise(seed=6)
    assert sha256_of_shared_weights(other_seed) not in digests


def test_initial_matrices_have_the_spread_that_is_stated() -> None:
    transformer = Transformer(tiny_config("gelu", d_model=128, d_mlp=512, n_layers=2))
    transformer.initialise(seed=0)
    block = transformer.layers[0]
    assert float(block.mlp.up.weight.detach().std()) == pytest.approx(0.02, rel=0.03)
    assert float(block.mlp.down.weight.detach().std()) == pytest.approx(0.01, rel=0.03)
    assert float(block.mlp.up.bias.detach().abs().max()) == 0
    assert torch.equal(block.norm1.weight, torch.ones(128))


def test_an_rms_norm_at_the_end_divides_by_the_root_mean_square_alone() -> None:
    transformer = random_transformer(tiny_config("solu_ln", final_norm="rms", tied=False))
    x = torch.randn(2, 3, 16, generator=torch.Generator().manual_seed(7))
    expected = x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * transformer.norm.weight
    assert isinstance(transformer.norm, nn.RMSNorm)
    assert torch.allclose(transformer.norm(x), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("site", "layers", "message"),
    [
        ("mlp.post_ln", None, "a gelu model has no site mlp.post_ln; read one of mlp.pre, mlp.act"),
        ("mlp.act", (2,), "layers asked for: 2; this model has layers 0 to 1"),
        ("mlp.act", (), "layers asked for: none"),
        ("mlp.act", (-1,), "layers asked for: -1"),
    ],
)
def test_a_site_or_layer_that_a_model_does_not_have_is_refused(
    site: Site, layers: tuple[int, ...] | None, message: str
) -> None:
    transformer = random_transformer(tiny_config("gelu"))
    with pytest.raises(ModelError, match=message):
        transformer.read_site(site, some_tokens(transformer.config), layers)


def test_a_window_longer_than_the_context_is_refused() -> None:
    transformer = random_transformer(tiny_config("gelu"))
    tokens = torch.zeros(1, 17, dtype=torch.long)
    for run in (transformer, lambda x: transformer.read_site("mlp.act", x)):
        with pytest.raises(ModelError, match="a window of 17 tokens does not fit this model; use at most 16"):
            run(tokens)
