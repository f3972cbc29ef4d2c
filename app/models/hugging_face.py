"""Any causal language model of the `transformers` library, by architecture family (extra `hf`).

The library computes; we listen where its down-projection begins, and stop there. `mlp.act` is the tensor that enters
the down-projection: after the activation, and after the product with the gate where there is one (Shazeer, 2020).
"""

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from app.foundation.digest import sha256_of_file, sha256_of_json
from app.foundation.errors import ModelError, error_summary
from app.models.config import Site
from app.models.model_folder import CONFIG_FILE, LoadedModel
from app.models.readable_model import ReadableModel
from app.models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

WEIGHT_FILES = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class ArchitectureFamily:
    """Where an architecture keeps its blocks, and within a block its down-projection."""

    blocks: str
    down: str
    gated: bool = False


_GATED = ArchitectureFamily("model.layers", "mlp.down_proj", gated=True)

FAMILIES: Mapping[str, ArchitectureFamily] = {
    "gpt2": ArchitectureFamily("transformer.h", "mlp.c_proj"),
    "gpt_neo": ArchitectureFamily("transformer.h", "mlp.c_proj"),
    "gpt_neox": ArchitectureFamily("gpt_neox.layers", "mlp.dense_4h_to_h"),
    "gptj": ArchitectureFamily("transformer.h", "mlp.fc_out"),
    "opt": ArchitectureFamily("model.decoder.layers", "fc2"),
    "phi": ArchitectureFamily("model.layers", "mlp.fc2"),
    "starcoder2": ArchitectureFamily("model.layers", "mlp.c_proj"),
    "llama": _GATED,
    "mistral": _GATED,
    "qwen2": _GATED,
    "qwen3": _GATED,
    "gemma": _GATED,
    "gemma2": _GATED,
    "gemma3_text": _GATED,
    "olmo2": _GATED,
    "phi3": _GATED,
    "stablelm": _GATED,
}


@dataclass(frozen=True)
class HuggingFaceShape:
    """Sizes and choices of a model of another library; see `config.Shape`."""

    family: str
    activation: str
    n_layers: int
    d_model: int
    d_mlp: int
    d_vocab: int
    n_ctx: int
    bos: int
    special: tuple[int, ...]
    sites: tuple[Site, ...] = ("mlp.act",)


class _Reached(Exception):  # noqa: N818 - it ends a pass, it is no error
    """The last layer asked for has been read."""


class HuggingFaceModel(ReadableModel):
    """A causal language model of the library, read at the entrance of its down-projections."""

    config: HuggingFaceShape

    def __init__(self, model: "PreTrainedModel", config: HuggingFaceShape) -> None:
        super().__init__()
        self.model, self.config = model, config

    @property
    def downs(self) -> list[nn.Module]:
        """The down-projection of each layer."""
        family = FAMILIES[self.config.family]
        blocks = self.model.get_submodule(family.blocks)
        return [block.get_submodule(family.down) for block in blocks.children()]

    def forward(self, x: Tensor) -> Tensor:
        """Token ids [batch, token] -> logits [batch, token, d_vocab]."""
        self.require_window_fits(x.shape[1])
        logits: Tensor = self.model(input_ids=x, use_cache=False).logits
        return logits

    def read_site(self, site: Site, tokens: Tensor, layers: Sequence[int] | None = None) -> dict[int, Tensor]:
        """As `ReadableModel.read_site`; the only site is `mlp.act`."""
        wanted = range(self.config.n_layers) if layers is None else layers
        self.require_sites_and_layers((site,), wanted)
        self.require_window_fits(tokens.shape[1])
        found: dict[int, Tensor] = {}
        with self._listening(found, wanted), contextlib.suppress(_Reached):
            self.model.base_model(input_ids=tokens, use_cache=False)
        return {layer: values.reshape(*tokens.shape, -1) for layer, values in found.items()}  # OPT joins the windows

    @contextlib.contextmanager
    def _listening(self, found: dict[int, Tensor], wanted: Sequence[int]) -> Iterator[None]:
        """Keep what enters the wanted down-projections, and end the pass at the last of them."""
        last = max(wanted)

        def keep(layer: int) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
            def hook(_: nn.Module, entering: tuple[Tensor, ...]) -> None:
                found[layer] = entering[0]
                if layer == last:
                    raise _Reached

            return hook

        downs = self.downs
        handles = [downs[layer].register_forward_pre_hook(keep(layer)) for layer in sorted(set(wanted))]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


def is_hugging_face_config(config: Mapping[str, Any]) -> bool:
    """Whether a `config.json` is of the library."""
    return "model_type" in config


def load_hugging_face_model(folder: Path, tokenizer: Tokenizer) -> LoadedModel:
    """Read a folder that the library saved, weights in float32, from safetensors or from tensors alone.

    Raises ModelError on an architecture not in `FAMILIES`, a missing, surplus or wrongly shaped key, or a file
    that is not whole.
    """
    given: dict[str, Any] = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    kind = str(given["model_type"])
    if kind not in FAMILIES:
        msg = f"{folder / CONFIG_FILE}: model_type is {kind}, expected one of {', '.join(sorted(FAMILIES))}"
        raise ModelError(msg)
    model = _read(folder)
    reader = HuggingFaceModel(model, _shape(kind, model, tokenizer, folder))
    return LoadedModel(
        reader.eval(),
        tokenizer,
        _weights_sha256(folder),
        folder,
        layout=f"transformers ({kind})",
        notes=("mlp.act is the product of gate and up-projection",) if FAMILIES[kind].gated else (),
        provenance={
            "architectures": given.get("architectures"),
            "transformers_version": given.get("transformers_version"),
        },
    )


def _read(folder: Path) -> "PreTrainedModel":
    try:
        from transformers import AutoModelForCausalLM, logging
    except ImportError as error:
        msg = "models of the transformers library need the extra hf: pip install 'firstglance[hf]'"
        raise ModelError(msg) from error
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            weights_only=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            output_loading_info=True,
        )
    except Exception as error:  # the library raises whatever its readers met
        msg = f"{folder} cannot be read as a whole model ({error_summary(error)}); copy it again"
        raise ModelError(msg) from error
    model: PreTrainedModel = loaded[0]
    _refuse_gaps(loaded[1], folder)
    return model


def _refuse_gaps(report: Mapping[str, Any], folder: Path) -> None:
    """Raise ModelError for keys that would be drawn at random, or left unread, without a word."""
    found = [f"lacks {key}, which its architecture has" for key in sorted(report["missing_keys"])]
    found += [f"has {key}, which its architecture has no place for" for key in sorted(report["unexpected_keys"])]
    found += [
        f"has {key} in shape {tuple(given)}, expected {tuple(expected)}"
        for key, given, expected in sorted(report["mismatched_keys"])
    ]
    if found:
        msg = f"{folder} {found[0]}; the weights are not of this config"
        raise ModelError(msg)


def _shape(kind: str, model: "PreTrainedModel", tokenizer: Tokenizer, folder: Path) -> HuggingFaceShape:
    config, family = model.config, FAMILIES[kind]
    blocks = list(model.get_submodule(family.blocks).children())
    first = next((one for one in (config.bos_token_id, config.eos_token_id) if isinstance(one, int)), None)
    if first is None:
        msg = f"{folder / CONFIG_FILE}: bos_token_id is missing, expected the token id that begins a window; add it"
        raise ModelError(msg)
    ends = [config.bos_token_id, config.pad_token_id]
    ends += config.eos_token_id if isinstance(config.eos_token_id, list) else [config.eos_token_id]
    embedding = model.get_input_embeddings().weight
    assert isinstance(embedding, Tensor)
    activation = _first_of(config, "hidden_activation", "hidden_act", "activation_function")
    return HuggingFaceShape(
        family=kind,
        activation=f"{activation} times up" if family.gated else activation,
        n_layers=len(blocks),
        d_model=embedding.shape[1],
        d_mlp=_inputs(blocks[0].get_submodule(family.down)),
        d_vocab=embedding.shape[0],
        n_ctx=int(config.max_position_embeddings),
        bos=first,
        special=tuple(sorted({*tokenizer.special, *(one for one in ends if one is not None)})),
    )


def _first_of(config: object, *names: str) -> str:
    return next(str(value) for name in names if (value := getattr(config, name, None)))


def _inputs(down: nn.Module) -> int:
    """Size of what enters: rows of GPT-2's Conv1D [in, out], columns of a Linear [out, in]."""
    weight = down.weight
    assert isinstance(weight, Tensor)
    return weight.shape[1] if isinstance(down, nn.Linear) else weight.shape[0]


def _weights_sha256(folder: Path) -> str:
    """The file's digest, or for several shards the digest of their names and digests."""
    paths = next(found for pattern in WEIGHT_FILES if (found := sorted(folder.glob(pattern))))
    if len(paths) == 1:
        return sha256_of_file(paths[0])
    return sha256_of_json({path.name: sha256_of_file(path) for path in paths})
