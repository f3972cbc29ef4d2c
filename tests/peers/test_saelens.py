"""SAEs and transcoders that SAELens made and saved, read by our loader where they belong: the same latents.

They stand on recorded checkpoints of TransformerLens and transformers, so that what is read runs from token ids on.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from sae_lens.registry import get_sae_class, get_sae_training_class
from sae_lens.saes.sae import SAE, SAEMetadata, TrainingSAE
from torch import Tensor
from transformer_lens import HookedTransformer, HookedTransformerConfig
from transformers import AutoModelForCausalLM

from app.harvest.arms.sae_reader import sae_reader
from app.harvest.options import HarvestOptions
from app.models.loading import load_any_model
from app.models.sparse_autoencoder import load_sparse_autoencoder
from tests.peers.conftest import RECORDED, TOLERANCE, some_tokens

LENS, GPT2, LLAMA = "lens-3L-solu_ln", "hf-GPT2", "hf-Llama"
D_MODEL, D_MLP, D_HEADS, D_SAE = 16, 24, 12, 32
CENTRED = {"model_from_pretrained_kwargs": {"center_writing_weights": True}}


@dataclass(frozen=True)
class Case:
    """An SAE to make: its architecture, the model and the hook it belongs to, and what else its config says."""

    name: str
    architecture: str
    model: str
    hook: str
    d_in: int = D_MODEL
    choices: Mapping[str, object] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    is_training: bool = False
    """Whether the class of its training is saved."""
    saves_inference: bool = False
    """Whether that class is saved as it is used after training."""


TRANSCODER = {"apply_b_dec_to_input": False, "d_out": D_MODEL}
CASES = [
    Case("standard-resid_pre", "standard", LENS, "blocks.1.hook_resid_pre"),
    Case("standard-resid_pre-0", "standard", LENS, "blocks.0.hook_resid_pre", choices={"apply_b_dec_to_input": False}),
    Case("standard-centred", "standard", LENS, "blocks.2.hook_resid_post", metadata=CENTRED),
    Case(
        "standard-constant_norm",
        "standard",
        LENS,
        "blocks.1.mlp.hook_post",
        D_MLP,
        {"normalize_activations": "constant_norm_rescale"},
    ),
    Case("gated-resid_post", "gated", LENS, "blocks.2.hook_resid_post"),
    Case("jumprelu-mlp_out", "jumprelu", LENS, "blocks.1.hook_mlp_out"),
    Case(
        "topk-attn_out", "topk", LENS, "blocks.0.hook_attn_out", choices={"k": 5, "normalize_activations": "layer_norm"}
    ),
    Case(
        "topk-resid_mid",
        "topk",
        LENS,
        "blocks.1.hook_resid_mid",
        choices={"k": 3, "rescale_acts_by_decoder_norm": True},
    ),
    Case(
        "batchtopk-hook_z",
        "batchtopk",
        LENS,
        "blocks.1.attn.hook_z",
        D_HEADS,
        {"k": 4.5, "reshape_activations": "hook_z"},
        is_training=True,
        saves_inference=True,
    ),
    Case("batchtopk-in_training", "batchtopk", LENS, "blocks.1.hook_resid_post", choices={"k": 4.5}, is_training=True),
    Case(
        "transcoder",
        "transcoder",
        LENS,
        "blocks.1.ln2.hook_normalized",
        choices=TRANSCODER,
        metadata={"hook_name_out": "blocks.1.hook_mlp_out"},
    ),
    Case(
        "skip_transcoder",
        "skip_transcoder",
        LENS,
        "blocks.2.hook_resid_mid",
        choices=TRANSCODER,
        metadata={"hook_name_out": "blocks.2.hook_mlp_out"},
    ),
    Case(
        "jumprelu_transcoder",
        "jumprelu_transcoder",
        LENS,
        "blocks.0.mlp.hook_pre",
        D_MLP,
        TRANSCODER,
        {"hook_name_out": "blocks.0.hook_mlp_out"},
    ),
    Case("standard-gpt2", "standard", GPT2, "blocks.1.hook_resid_pre"),
    Case("jumprelu-llama", "jumprelu", LLAMA, "model.layers.1"),
    Case("gated-llama", "gated", LLAMA, "blocks.1.hook_mlp_out"),
]


def make_sae(case: Case) -> "SAE | TrainingSAE":
    """An SAE of the library with random weights: the gains, biases and thresholds too."""
    sae_class, config_class = (get_sae_training_class if case.is_training else get_sae_class)(case.architecture)
    metadata = SAEMetadata(hook_name=case.hook, model_name=case.model, **case.metadata)
    sae = sae_class(config_class(d_in=case.d_in, d_sae=D_SAE, metadata=metadata, **case.choices))
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            drawn = torch.randn(parameter.shape, generator=generator) * 0.5
            parameter.copy_(drawn.abs() if name == "threshold" else drawn)
        if hasattr(sae, "topk_threshold"):
            sae.topk_threshold.fill_(0.4)
    return sae


def lens_model(case: Case) -> HookedTransformer:
    """The recorded checkpoint in the library that saved it."""
    folder = RECORDED / case.model
    config = json.loads((folder / "config.json").read_text())
    sizes = {key: config[key] for key in ("n_layers", "d_model", "n_ctx", "d_head", "n_heads", "d_mlp", "d_vocab")}
    model = HookedTransformer(HookedTransformerConfig(**sizes, act_fn=config["act_fn"], normalization_type="LN"))
    state = torch.load(folder / "model_final.pth", weights_only=True)
    model.load_and_process_state_dict(
        state,
        fold_ln=False,
        center_writing_weights=case.metadata == CENTRED,
        center_unembed=False,
        fold_value_biases=False,
    )
    return model


def tensor_at_hook(case: Case) -> Tensor:
    """What the model has where the SAE belongs, computed by the library that it belongs to."""
    tokens = some_tokens()
    if case.model == LENS:
        with torch.inference_mode():
            cache: Mapping[str, Tensor] = lens_model(case).run_with_cache(tokens)[1]
        return cache[case.hook]
    model = AutoModelForCausalLM.from_pretrained(RECORDED / case.model, dtype=torch.float32)
    if case.hook == "blocks.1.hook_resid_pre":
        with torch.inference_mode():
            hidden_states: tuple[Tensor, ...] = model(tokens, output_hidden_states=True).hidden_states
        return hidden_states[1]
    kept: list[Tensor] = []
    name = "model.layers.1.mlp" if case.hook == "blocks.1.hook_mlp_out" else case.hook
    model.get_submodule(name).register_forward_hook(lambda _, __, output: kept.append(output))
    with torch.inference_mode():
        model(tokens)
    return kept[0][0] if isinstance(kept[0], tuple) else kept[0]


def latents_of(case: Case, sae: "SAE | TrainingSAE", folder: Path, tensor: Tensor) -> Tensor:
    """The library's latents, of an SAE as it is used after training."""
    used = sae
    if case.is_training:
        sae.save_inference_model(folder)
        used = SAE.load_from_disk(folder)
    with torch.inference_mode():
        latents: Tensor = used.encode(tensor)
    return latents


def require_agreement(folder: Path, model: str, latents: Tensor) -> None:
    """Our reading of the folder, on our reading of the model, gives these latents."""
    loaded = load_any_model(RECORDED / model)
    reader = sae_reader(load_sparse_autoencoder(folder))(loaded, HarvestOptions())
    with torch.inference_mode():
        (values,) = reader.read(some_tokens()).values()
    torch.testing.assert_close(values, latents, atol=TOLERANCE, rtol=0)
    assert (values > 0).any()


@pytest.fixture
def sae_folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where a case's SAE is saved: it stays if recording."""
    name: str = request.node.callspec.id
    return (RECORDED / "saelens" if request.config.getoption("--record") else tmp_path) / name


@pytest.fixture
def record(request: pytest.FixtureRequest, sae_folder: Path) -> Callable[[str, Tensor, Tensor], None]:
    """Write down what the library computed, if recording."""

    def write(model: str, tensor: Tensor, latents: Tensor) -> None:
        if request.config.getoption("--record"):
            arrays = {"tokens": some_tokens().numpy(), "input": tensor.numpy(), "latents": latents.numpy()}
            np.savez_compressed(sae_folder / "expected.npz", allow_pickle=False, model=np.array(model), **arrays)

    return write


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_saved_sae_gives_the_library_s_latents(
    case: Case, sae_folder: Path, tmp_path: Path, record: Callable[[str, Tensor, Tensor], None]
) -> None:
    sae = make_sae(case)
    (sae.save_inference_model if case.saves_inference else sae.save_model)(sae_folder)
    tensor = tensor_at_hook(case)
    latents = latents_of(case, sae, tmp_path / "used", tensor)
    require_agreement(sae_folder, case.model, latents)
    record(case.model, tensor.flatten(2), latents)


OLD_CONFIGS: Mapping[str, dict[str, object]] = {
    "old-standard": {"hook_point": "blocks.1.hook_resid_pre", "activation_fn_str": "relu"},
    "old-topk": {"hook_name": "blocks.1.hook_resid_pre", "activation_fn_str": "topk", "activation_fn_kwargs": {"k": 4}},
}


@pytest.mark.parametrize("name", OLD_CONFIGS, ids=list(OLD_CONFIGS))
def test_a_folder_of_an_older_version_gives_the_library_s_latents(
    name: str, sae_folder: Path, record: Callable[[str, Tensor, Tensor], None]
) -> None:
    case = Case(name, "standard", LENS, "blocks.1.hook_resid_pre")
    make_sae(case).save_model(sae_folder)
    old: dict[str, object] = {
        "d_in": D_MODEL,
        "d_sae": D_SAE,
        "dtype": "torch.float32",
        "hook_point_layer": 1,
        "model_name": "a",
    }
    (sae_folder / "cfg.json").write_text(json.dumps(old | OLD_CONFIGS[name]))
    tensor = tensor_at_hook(case)
    with torch.inference_mode():
        latents = SAE.load_from_disk(sae_folder, dtype="float32").encode(tensor)
    require_agreement(sae_folder, LENS, latents)
    record(LENS, tensor, latents)
