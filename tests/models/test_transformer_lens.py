"""TransformerLens's format: what is read from it, and what is refused with file and key."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from app.foundation.errors import ModelError
from app.models.config import ModelConfig
from app.models.loading import load_any_model
from app.models.tokenizer import Tokenizer
from app.models.transformer_lens import load_transformer_lens_model
from tests.models.recorded import LENS, LENS_GELU, REMOVED, CopyRecorded, change_json


def change_state(path: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    state = torch.load(path, weights_only=True)
    edit(state)
    torch.save(state, path)


def test_gelu_means_the_tanh_form_unless_the_exact_form_is_asked_for(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS_GELU)
    tanh, exact = load_any_model(folder), load_any_model(folder, gelu="exact")
    assert (tanh.config.activation, exact.config.activation) == ("gelu_tanh", "gelu")
    assert "tanh form, the form it was trained with" in tanh.notes[0]
    assert "exact form, TransformerLens's reading" in exact.notes[0]
    tokens = torch.arange(10)[None]
    tanh_values, exact_values = (model.transformer.read_site("mlp.act", tokens)[0] for model in (tanh, exact))
    assert 0 < float((tanh_values - exact_values).detach().abs().max()) < 5e-4


def test_bos_and_the_special_ids_come_from_the_tokenizer(copy_recorded: CopyRecorded) -> None:
    config = load_any_model(copy_recorded(LENS)).config
    assert config.bos == 1
    assert config.special == (0, 1, 2)


def test_provenance_is_read_and_dropout_is_noted(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS)
    change_json(folder / "config.json", seed=387976, use_dropout=True, fixed_init="1L512W_init")
    loaded = load_any_model(folder)
    assert loaded.provenance == {
        "tokenizer_name": "not/needed",
        "seed": 387976,
        "use_dropout": True,
        "fixed_init": "1L512W_init",
    }
    assert any("trained with dropout" in note for note in loaded.notes)


def test_a_final_rms_norm_is_noted(copy_recorded: CopyRecorded) -> None:
    assert load_any_model(copy_recorded("lens-1L-rms_old")).notes == ("the final norm is RMS, not LayerNorm",)


def test_a_missing_unembedding_bias_is_zero(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS)
    change_state(folder / "model_final.pth", lambda state: state.pop("unembed.b_U"))
    bias = load_any_model(folder).transformer.get_parameter("unembed.bias")
    assert not bias.detach().any()


def test_a_lens_checkpoint_may_be_safetensors(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS)
    state = torch.load(folder / "model_final.pth", weights_only=True)
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, folder / "model.safetensors")
    expected = load_any_model(folder).transformer(torch.arange(10)[None])
    (folder / "model_final.pth").unlink()
    assert torch.equal(load_any_model(folder).transformer(torch.arange(10)[None]), expected)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda state: state.pop("blocks.0.mlp.ln.w"), r"lacks blocks\.0\.mlp\.ln\.w, expected with shape \(24,\)"),
        (lambda state: state.pop("pos_embed.W_pos"), r"lacks pos_embed\.W_pos, expected with shape \(12, 16\)"),
        (lambda state: state.update(hat=torch.zeros(2)), "has hat, which a model of this config does not have"),
        (
            lambda state: state.update({"blocks.0.attn.W_Q": torch.zeros(2, 6, 16)}),
            r"blocks\.0\.attn\.W_Q has shape \(2, 6, 16\), expected \(2, 16, 6\)",
        ),
        (lambda state: state.update(step=5), "is not a flat table of tensors"),
    ],
)
def test_a_lens_checkpoint_with_wrong_keys_is_refused(
    copy_recorded: CopyRecorded, edit: Callable[[dict[str, torch.Tensor]], object], message: str
) -> None:
    folder = copy_recorded(LENS)
    change_state(folder / "model_final.pth", edit)
    with pytest.raises(ModelError, match=message):
        load_any_model(folder)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"neuron_temp": 2.0}, r"config\.json: neuron_temp is 2\.0, expected 1"),
        ({"neuron_scale": 0.5}, r"neuron_scale is 0\.5, expected 1"),
        ({"shortformer_pos": True}, "shortformer_pos is True, expected False"),
        ({"attn_only": True}, "attn_only is True, expected False"),
        ({"normalization": "BN"}, "normalization is BN, expected LN or LNPre"),
        ({"act_fn": "swish"}, "act_fn is swish, expected one of gelu, solu_ln"),
        ({"d_head": REMOVED}, "d_head is missing, expected a whole number"),
        ({"d_mlp": "many"}, "d_mlp: Input should be a valid integer"),
        ({"d_vocab": 12}, r"embed\.W_E has shape \(40, 16\), expected \(12, 16\)"),
    ],
)
def test_a_lens_config_with_unsupported_values_is_refused(
    copy_recorded: CopyRecorded, values: dict[str, Any], message: str
) -> None:
    folder = copy_recorded(LENS)
    change_json(folder / "config.json", **values)
    with pytest.raises(ModelError, match=message):
        load_any_model(folder)


def test_a_lens_folder_needs_one_undamaged_weights_file(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS)
    weights = folder / "model_final.pth"
    shutil.copy(weights, folder / "early.pth")
    assert load_any_model(folder).layout == "TransformerLens"
    weights.write_bytes(weights.read_bytes()[:-2000])
    with pytest.raises(ModelError, match=r"model_final\.pth is not a whole checkpoint"):
        load_any_model(folder)
    weights.write_bytes(b"")
    with pytest.raises(ModelError, match=r"model_final\.pth is not a whole checkpoint"):
        load_any_model(folder)
    shutil.copy(folder / "early.pth", folder / "late.pth")
    weights.unlink()
    with pytest.raises(
        ModelError, match=r"should hold one weights file, model_final\.pth; it holds early\.pth, late\.pth"
    ):
        load_any_model(folder)


def test_a_lens_model_has_an_unembedding_of_its_own(copy_recorded: CopyRecorded) -> None:
    folder = copy_recorded(LENS)
    loaded = load_transformer_lens_model(folder, "SoLU_1L", Tokenizer.load(folder / "tokenizer.json"))
    assert isinstance(loaded.config, ModelConfig)
    assert not loaded.config.tied
