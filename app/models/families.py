"""Where modules lie in the architectures of the `transformers` library, by family. No torch model is loaded here."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import nn

from app.models.module_hooks import ModulePoint


@dataclass(frozen=True)
class ArchitectureFamily:
    """The paths of the modules that are read, in a family of architectures; all but the first are within a block."""

    blocks_path: str
    """The list of blocks within the model."""
    down_path: str
    """The down-projection."""
    gated: bool = False
    """Whether the activation is multiplied by an up-projection."""
    heads_path: str = "self_attn.o_proj"
    """The projection that the joined outputs of the heads enter."""
    attention_path: str = "self_attn"
    """The module whose output attention adds to the residual stream."""
    mlp_path: str = "mlp"
    """The module whose output the MLP adds to the residual stream."""
    norm1_path: str | None = "input_layernorm"
    """The norm before attention; None if there is none."""
    norm2_path: str | None = "post_attention_layernorm"
    """The norm before the MLP, by the stream after attention; None if there is none."""
    is_parallel: bool = False
    """Whether attention and MLP read the same stream, so that none lies between them."""
    centres_stream: bool = False
    """Whether the norms are LayerNorms, which subtract the mean; RMS norms do not."""

    def down_projection(self, module_of_block: nn.Module) -> nn.Module:
        """The down-projection of a block."""
        return module_of_block.get_submodule(self.down_path)

    def point(self, module_of_block: nn.Module, part_name: str) -> ModulePoint | None:
        """The module at which a part of a block is read; None if this architecture is not known to have the part."""
        if part_name in ("resid_pre", "resid_post"):
            return ModulePoint(module_of_block, is_input=part_name == "resid_pre")
        outputs = {"attn_out": self.attention_path, "mlp_out": self.mlp_path}
        if part_name in outputs:
            return ModulePoint(module_of_block.get_submodule(outputs[part_name]))
        path = self._input_paths().get(part_name)
        return None if path is None else ModulePoint(module_of_block.get_submodule(path), is_input=True)

    def _input_paths(self) -> dict[str, str | None]:
        """By part, the module that it enters."""
        return {
            "ln1": self.norm1_path,
            "ln2": self.norm2_path,
            "attn_z": self.heads_path,
            "resid_mid": None if self.is_parallel else self.norm2_path,
            "mlp.act": self.down_path,
            "mlp.last": self.down_path,
        }


_GATED = ArchitectureFamily("model.layers", "mlp.down_proj", gated=True)
_NORMS_AROUND = ArchitectureFamily(
    "model.layers",
    "mlp.down_proj",
    gated=True,
    attention_path="post_attention_layernorm",
    mlp_path="post_feedforward_layernorm",
    norm2_path="pre_feedforward_layernorm",
)

FAMILIES: Mapping[str, ArchitectureFamily] = {
    "gpt2": ArchitectureFamily(
        "transformer.h",
        "mlp.c_proj",
        heads_path="attn.c_proj",
        attention_path="attn",
        norm1_path="ln_1",
        norm2_path="ln_2",
        centres_stream=True,
    ),
    "gpt_neo": ArchitectureFamily(
        "transformer.h",
        "mlp.c_proj",
        heads_path="attn.attention.out_proj",
        attention_path="attn",
        norm1_path="ln_1",
        norm2_path="ln_2",
        centres_stream=True,
    ),
    "gpt_neox": ArchitectureFamily(
        "gpt_neox.layers",
        "mlp.dense_4h_to_h",
        heads_path="attention.dense",
        attention_path="attention",
        is_parallel=True,
        centres_stream=True,
    ),
    "gptj": ArchitectureFamily(
        "transformer.h",
        "mlp.fc_out",
        heads_path="attn.out_proj",
        attention_path="attn",
        norm1_path="ln_1",
        norm2_path=None,
        is_parallel=True,
        centres_stream=True,
    ),
    "opt": ArchitectureFamily(
        "model.decoder.layers",
        "fc2",
        heads_path="self_attn.out_proj",
        mlp_path="fc2",
        norm1_path="self_attn_layer_norm",
        norm2_path="final_layer_norm",
        centres_stream=True,
    ),
    "phi": ArchitectureFamily(
        "model.layers",
        "mlp.fc2",
        heads_path="self_attn.dense",
        norm2_path=None,
        is_parallel=True,
        centres_stream=True,
    ),
    "starcoder2": ArchitectureFamily("model.layers", "mlp.c_proj", centres_stream=True),
    "llama": _GATED,
    "mistral": _GATED,
    "qwen2": _GATED,
    "qwen3": _GATED,
    "gemma": _GATED,
    "gemma2": _NORMS_AROUND,
    "gemma3_text": _NORMS_AROUND,
    "olmo2": ArchitectureFamily(
        "model.layers",
        "mlp.down_proj",
        gated=True,
        attention_path="post_attention_layernorm",
        mlp_path="post_feedforward_layernorm",
        norm1_path=None,
        norm2_path=None,
    ),
    "phi3": _GATED,
    "stablelm": ArchitectureFamily("model.layers", "mlp.down_proj", gated=True, is_parallel=True, centres_stream=True),
}
