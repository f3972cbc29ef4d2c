"""Models of the transformers library: what is refused, and where a pass ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from app.foundation.errors import ModelError
from app.models.families import FAMILIES
from app.models.hugging_face import HuggingFaceModel
from app.models.loading import load_any_model
from tests.models.recorded import LLAMA, REMOVED, CopyRecorded, change_json


def edit_weights(folder: Path, edit: Callable[[dict[str, torch.Tensor]], object]) -> None:
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda folder: edit_weights(folder, lambda tensors: tensors.pop("model.layers.1.mlp.up_proj.weight")),
            r"lacks model\.layers\.1\.mlp\.up_proj\.weight, which its architecture has",
        ),
        (
            lambda folder: edit_weights(folder, lambda tensors: tensors.update(hat=torch.zeros(2))),
            "has hat, which its architecture does not have",
        ),
        (
            lambda folder: change_json(folder / "config.json", intermediate_size=20),
            r"has model\.layers\.0\.mlp\.down_proj\.weight in shape \(16, 24\), expected \(16, 20\)",
        ),
        (
            lambda folder: change_json(folder / "config.json", model_type="mamba"),
            "model_type is mamba, expected one of gemma",
        ),
        (
            lambda folder: change_json(folder / "config.json", vocab_size=REMOVED),
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
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json cannot be read as a config"),
        (lambda folder: (folder / "config.json").write_text("[]"), "it is JSON, but no object"),
        (lambda folder: (folder / "config.json").unlink(), r"is no model folder: config\.json is missing"),
        (
            lambda folder: change_json(folder / "config.json", bos_token_id=None, eos_token_id=None),
            "bos_token_id is missing",
        ),
    ],
)
def test_a_damaged_transformers_folder_is_refused(
    copy_recorded: CopyRecorded, damage: Callable[[Path], object], message: str
) -> None:
    folder = copy_recorded(LLAMA)
    damage(folder)
    with pytest.raises(ModelError, match=message):
        load_any_model(folder)


def test_a_pass_ends_at_the_last_layer_asked_for_and_leaves_no_hooks(copy_recorded: CopyRecorded) -> None:
    reader = load_any_model(copy_recorded(LLAMA)).transformer
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


def test_the_common_families_are_supported() -> None:
    common = {"gpt2", "gpt_neox", "llama", "mistral", "qwen2", "gemma"}
    assert common <= FAMILIES.keys()
