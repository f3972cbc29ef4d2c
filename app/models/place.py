"""The places in a model's pass where a tensor [batch, token, unit] can be read. No torch here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Part = Literal[
    "resid_pre",
    "ln1",
    "attn_z",
    "attn_out",
    "resid_mid",
    "ln2",
    "mlp.pre",
    "mlp.act",
    "mlp.post_ln",
    "mlp.last",
    "mlp_out",
    "resid_post",
]
"""A part of a block, in the order in which it is computed: the residual stream before the block, between attention and
MLP, and after it; what attention and MLP add to it; the heads' joined outputs before their projection; what the norms
give before gain and bias; the sites of the MLP, the last of which enters the down-projection."""

PARTS_OF_HOOKS: Mapping[str, Part] = {
    "hook_resid_pre": "resid_pre",
    "ln1.hook_normalized": "ln1",
    "attn.hook_z": "attn_z",
    "hook_attn_out": "attn_out",
    "hook_resid_mid": "resid_mid",
    "ln2.hook_normalized": "ln2",
    "mlp.hook_pre": "mlp.pre",
    "mlp.hook_post": "mlp.last",
    "hook_mlp_out": "mlp_out",
    "hook_resid_post": "resid_post",
}
"""What TransformerLens calls the parts of a block."""
NORM_INPUTS: Mapping[str, Part] = {"ln1": "resid_pre", "ln2": "resid_mid"}
"""The part that each norm reads."""
STREAM_PARTS: frozenset[str] = frozenset({"resid_pre", "attn_out", "resid_mid", "mlp_out", "resid_post"})
"""The parts that are, or are added to, the residual stream."""
_BLOCK_HOOK = re.compile(r"blocks\.(0|[1-9][0-9]{0,3})\.(.+)")


@dataclass(frozen=True)
class Place:
    """A part of one block, or the output of a module by the name that `get_submodule` knows."""

    layer: int
    block_part: Part | None = None
    module: str | None = None

    def __str__(self) -> str:
        """As a sentence names it."""
        return f"the output of {self.module}" if self.block_part is None else f"{self.block_part} of layer {self.layer}"


def place_of_hook(hook_name: str) -> Place | None:
    """The place that TransformerLens calls by this name, such as `blocks.3.hook_resid_pre`; None if we know none."""
    match = _BLOCK_HOOK.fullmatch(hook_name)
    part = PARTS_OF_HOOKS.get(match[2]) if match else None
    return Place(int(match[1]), part) if match and part else None


def place_of_module(module_name: str, n_layers: int) -> Place:
    """The output of a module, in the layer that its name's first number says; layer 0 if it says none."""
    numbers = [int(part) for part in module_name.split(".") if part.isascii() and part.isdigit() and len(part) < 5]
    layer = numbers[0] if numbers and numbers[0] < n_layers else 0
    return Place(layer, module=module_name)
