"""Any name leads to the right loader, whatever is wrong is said with the key, and no file gets to run code."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.foundation.errors import ModelError
from app.models.config import ModelConfig
from app.models.hugging_face import FAMILIES, HuggingFaceModel
from app.models.loading import find_model_folder, load_any_model
from app.models.tokenizer import Tokenizer
from app.models.transformer_lens import load_transformer_lens_model
from tests.models.test_recorded_peers import RECORDED

LENS, GELU, LLAMA = "lens-1L-solu_ln", "lens-1L-gelu-exact", "hf-Llama"

NULL = object()

Copy = Callable[[str], Path]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """A recorded checkpoint, to be damaged."""
    return lambda case: Path(shutil.copytree(RECORDED / case, tmp_path / case))


def change(path: Path, **values: Any) -> None:
    """Set keys of a config; None takes a key out, NULL writes null."""
    config = json.loads(path.read_text()) | values
    kept = {key: None if one is NULL else one for key, one in config.items() if one is not None}
    path.write_text(json.dumps(kept))


def change_state(path: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    state = torch.load(path, weights_only=True)
    edit(state)
    torch.save(state, path)


def test_the_three_formats_are_told_apart(copy: Copy) -> None:
    layouts = [load_any_model(copy(case)).layout for case in (LENS, LLAMA, "hf-GPTNeoX")]
    assert layouts == ["TransformerLens", "transformers (llama)", "transformers (gpt_neox)"]
    assert load_any_model(find_model_folder("1L-solu_ln")).layout == "First Glance"


def test_gelu_of_the_public_checkpoints_is_the_tanh_form_unless_told_otherwise(copy: Copy) -> None:
    folder = copy(GELU)
    tanh, exact = load_any_model(folder), load_any_model(folder, gelu="exact")
    assert (tanh.config.activation, exact.config.activation) == ("gelu_tanh", "gelu")
    assert "tanh form, the form it was trained with" in tanh.notes[0]
    assert "exact form, TransformerLens's reading" in exact.notes[0]
    tokens = torch.arange(10)[None]
    one, other = (model.transformer.read_site("mlp.act", tokens)[0] for model in (tanh, exact))
    assert 0 < float((one - other).detach().abs().max()) < 5e-4


def test_bos_stands_first_and_the_special_ids_never_score(copy: Copy) -> None:
    config = load_any_model(copy(LENS)).config
    assert config.bos == 1
    assert config.special == (0, 1, 2)


def test_provenance_is_kept_and_dropout_is_remarked_on(copy: Copy) -> None:
    folder = copy(LENS)
    change(folder / "config.json", seed=387976, use_dropout=True, fixed_init="1L512W_init")
    loaded = load_any_model(folder)
    assert loaded.provenance == {
        "tokenizer_name": "not/needed",
        "seed": 387976,
        "use_dropout": True,
        "fixed_init": "1L512W_init",
    }
    assert any("trained with dropout" in note for note in loaded.notes)


def test_a_final_rms_norm_is_remarked_on(copy: Copy) -> None:
    assert load_any_model(copy("lens-1L-rms_old")).notes == ("the final norm is RMS, not LayerNorm",)


def test_the_unembedding_bias_may_be_left_out_and_is_then_zero(copy: Copy) -> None:
    folder = copy(LENS)
    change_state(folder / "model_final.pth", lambda state: state.pop("unembed.b_U"))
    bias = load_any_model(folder).transformer.get_parameter("unembed.bias")
    assert not bias.detach().any()


def test_a_lens_checkpoint_may_be_safetensors(copy: Copy) -> None:
    folder = copy(LENS)
    state = torch.load(folder / "model_final.pth", weights_only=True)
    save_file({name: one.contiguous() for name, one in state.items()}, folder / "model.safetensors")
    expected = load_any_model(folder).transformer(torch.arange(10)[None])
    (folder / "model_final.pth").unlink()
    assert torch.equal(load_any_model(folder).transformer(torch.arange(10)[None]), expected)


class Trap:
    """Unpickled by an unsafe reader, it makes a folder."""

    def __init__(self, place: Path) -> None:
        self.place = str(place)

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (self.place,)


def test_a_pickle_that_runs_code_is_not_opened(copy: Copy, tmp_path: Path) -> None:
    folder = copy(LENS)
    torch.save({"embed.W_E": Trap(tmp_path / "sprung")}, folder / "model_final.pth")
    with pytest.raises(ModelError, match=r"model_final\.pth holds more than tensors, so it is not opened"):
        load_any_model(folder)
    other = copy(LLAMA)
    (other / "model.safetensors").unlink()
    torch.save({"model.norm.weight": Trap(tmp_path / "sprung")}, other / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be read as a whole model"):
        load_any_model(other)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda state: state.pop("blocks.0.mlp.ln.w"), r"lacks blocks\.0\.mlp\.ln\.w, expected with shape \(24,\)"),
        (lambda state: state.pop("pos_embed.W_pos"), r"lacks pos_embed\.W_pos, expected with shape \(12, 16\)"),
        (lambda state: state.update(hat=torch.zeros(2)), "has hat, which this config has no place for"),
        (
            lambda state: state.update({"blocks.0.attn.W_Q": torch.zeros(2, 6, 16)}),
            r"blocks\.0\.attn\.W_Q has shape \(2, 6, 16\), expected \(2, 16, 6\)",
        ),
        (lambda state: state.update(step=5), "is not a flat table of tensors"),
    ],
)
def test_a_lens_checkpoint_with_wrong_keys_is_refused(
    copy: Copy, edit: Callable[[dict[str, torch.Tensor]], object], says: str
) -> None:
    folder = copy(LENS)
    change_state(folder / "model_final.pth", edit)
    with pytest.raises(ModelError, match=says):
        load_any_model(folder)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"neuron_temp": 2.0}, r"config\.json: neuron_temp is 2\.0, expected 1"),
        ({"neuron_scale": 0.5}, r"neuron_scale is 0\.5, expected 1"),
        ({"shortformer_pos": True}, "shortformer_pos is True, expected False"),
        ({"attn_only": True}, "attn_only is True, expected False"),
        ({"normalization": "BN"}, "normalization is BN, expected LN or LNPre"),
        ({"act_fn": "swish"}, "act_fn is swish, expected one of gelu, solu_ln"),
        ({"d_head": None}, "d_head is missing, expected a whole number"),
        ({"d_mlp": "many"}, "d_mlp: Input should be a valid integer"),
        ({"d_vocab": 12}, r"embed\.W_E has shape \(40, 16\), expected \(12, 16\)"),
    ],
)
def test_a_lens_config_that_says_something_else_is_refused(copy: Copy, values: dict[str, Any], says: str) -> None:
    folder = copy(LENS)
    change(folder / "config.json", **values)
    with pytest.raises(ModelError, match=says):
        load_any_model(folder)


def test_a_lens_folder_wants_one_whole_weights_file(copy: Copy) -> None:
    folder = copy(LENS)
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


def test_a_digits_model_finds_its_special_tokens_by_name(copy: Copy) -> None:
    folder = copy(LENS)
    loaded = load_transformer_lens_model(folder, "SoLU_1L", Tokenizer.load(folder / "tokenizer.json"))
    assert isinstance(loaded.config, ModelConfig)
    assert not loaded.config.tied


def edit_weights(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (
            lambda folder: edit_weights(folder, lambda all_: all_.pop("model.layers.1.mlp.up_proj.weight")),
            r"lacks model\.layers\.1\.mlp\.up_proj\.weight, which its architecture has",
        ),
        (
            lambda folder: edit_weights(folder, lambda all_: all_.update(hat=torch.zeros(2))),
            "has hat, which its architecture has no place for",
        ),
        (
            lambda folder: change(folder / "config.json", intermediate_size=20),
            r"has model\.layers\.0\.mlp\.down_proj\.weight in shape \(16, 24\), expected \(16, 20\)",
        ),
        (
            lambda folder: change(folder / "config.json", model_type="mamba"),
            "model_type is mamba, expected one of gemma",
        ),
        (
            lambda folder: change(folder / "config.json", vocab_size=None),
            r"in shape \(40, 16\), expected \(32000, 16\)",
        ),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(
                (folder / "model.safetensors").read_bytes()[:900]
            ),
            "cannot be read as a whole model.*header",
        ),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot be read as a whole model.*no file named"),
        (lambda folder: (folder / "tokenizer.json").unlink(), r"tokenizer\.json is missing"),
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json is not JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "the file|Field required|Input should be"),
        (lambda folder: (folder / "config.json").unlink(), r"is no model folder: config\.json is missing"),
        (
            lambda folder: change(folder / "config.json", bos_token_id=NULL, eos_token_id=NULL),
            "bos_token_id is missing",
        ),
    ],
)
def test_a_damaged_transformers_folder_is_refused(copy: Copy, damage: Callable[[Path], object], says: str) -> None:
    folder = copy(LLAMA)
    damage(folder)
    with pytest.raises(ModelError, match=says):
        load_any_model(folder)


def test_a_tokenizer_with_more_tokens_than_the_model_knows_is_refused(copy: Copy) -> None:
    folder = copy(LLAMA)
    shutil.copy(find_model_folder("1L-gelu") / "tokenizer.json", folder / "tokenizer.json")
    with pytest.raises(ModelError, match="the tokenizer has 4096 tokens but the model knows 40"):
        load_any_model(folder)


def test_a_pass_ends_at_the_last_layer_asked_for_and_leaves_no_hooks(copy: Copy) -> None:
    reader = load_any_model(copy(LLAMA)).transformer
    assert isinstance(reader, HuggingFaceModel)
    ran: list[str] = []
    for name, module in reader.named_modules():
        module.register_forward_hook(lambda _, __, ___, name=name: ran.append(name))
    before = [len(down._forward_pre_hooks) for down in reader.down_projections]
    tokens = torch.arange(10)[None]
    assert list(reader.read_site("mlp.act", tokens, layers=(0,))) == [0]
    assert not [name for name in ran if "layers.1" in name or "down_proj" in name or "lm_head" in name]
    assert [len(down._forward_pre_hooks) for down in reader.down_projections] == before
    with pytest.raises(ModelError, match=r"no site mlp\.pre; read one of mlp\.act"):
        reader.read_site("mlp.pre", tokens)
    with pytest.raises(ModelError, match="a window of 33 tokens does not fit this model; use at most 32"):
        reader.read_site("mlp.act", torch.zeros(1, 33, dtype=torch.long))


def test_the_families_asked_for_are_known() -> None:
    wanted = {"gpt2", "gpt_neox", "llama", "mistral", "qwen2", "gemma"}
    assert wanted <= FAMILIES.keys()


def hub_cache(cache: Path, name: str, folder: Path) -> None:
    """What the hub's client leaves behind after a download."""
    commit = "0" * 40
    repository = cache / f"models--{name.replace('/', '--')}"
    shutil.copytree(folder, repository / "snapshots" / commit)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(commit)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub at a port where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)


@pytest.mark.usefixtures("no_hub")
def test_a_name_on_the_hub_is_read_from_its_download_with_the_tokenizer_its_config_names(tmp_path: Path) -> None:
    plain = Path(shutil.copytree(RECORDED / LENS, tmp_path / "plain"))
    tokenizer = tmp_path / "tokenizer"
    tokenizer.mkdir()
    (plain / "tokenizer.json").rename(tokenizer / "tokenizer.json")
    change(plain / "config.json", tokenizer_name="NeelNanda/gpt-neox-tokenizer-digits")
    hub_cache(tmp_path / "hub", "NeelNanda/SoLU_1L512W_C4_Code", plain)
    hub_cache(tmp_path / "hub", "NeelNanda/gpt-neox-tokenizer-digits", tokenizer)
    loaded = load_any_model("NeelNanda/SoLU_1L512W_C4_Code", cache=tmp_path / "hub")
    assert loaded.layout == "TransformerLens"
    assert loaded.tokenizer.size == 40


@pytest.mark.usefixtures("no_hub")
def test_a_name_that_cannot_be_had_says_what_was_tried(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="nobody/nothing is no folder here and cannot be had from the hub"):
        load_any_model("nobody/nothing", cache=tmp_path)


@pytest.mark.parametrize("name", ["nothing", "./no/such", "/no/such/folder", "../no"])
def test_a_name_that_means_nothing_lists_what_there_is(name: str) -> None:
    with pytest.raises(ModelError, match=r"is no folder, no name on the hub .* 1L-gelu, .*1L-solu_ln"):
        load_any_model(name)
