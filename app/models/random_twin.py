"""The randomly initialised twin of a model: its config and tokenizer, and weights that no training has touched."""

from dataclasses import replace

import numpy as np
import torch

from app.foundation.digest import sha256_of_parts
from app.foundation.errors import ModelError
from app.models.hugging_face import ONE_THREAD, HuggingFaceModel
from app.models.model_folder import LoadedModel
from app.models.readable_model import ReadableModel
from app.models.transformer import Transformer


def random_twin(model: LoadedModel, seed: int) -> LoadedModel:
    """A model like this one whose weights are drawn anew from a seed, as before a training.

    Our own initialiser draws those of our transformers, the library's those of its models. Raises ModelError for a
    model of another kind.
    """
    transformer = _initialised_like(model.transformer, seed)
    return replace(
        model,
        transformer=transformer.eval(),
        weights_sha256=_sha256_of_parameters(transformer),
        notes=(*model.notes, f"its weights are random, drawn from seed {seed}"),
        provenance={},
        twin_seed=seed,
    )


def _initialised_like(transformer: ReadableModel, seed: int) -> ReadableModel:
    """A model of the same config with new weights; the state of PyTorch's own generator stays as it is."""
    with ONE_THREAD, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _new_model_like(transformer, seed)


def _new_model_like(transformer: ReadableModel, seed: int) -> ReadableModel:
    if isinstance(transformer, Transformer):
        twin = Transformer(transformer.config)
        twin.initialise(seed)
        return twin
    if isinstance(transformer, HuggingFaceModel):
        library_class, library_config = type(transformer.model), transformer.model.config
        return HuggingFaceModel(library_class(library_config), transformer.config).to(dtype=torch.float32)
    msg = "a random twin can be made of our own transformers and of models of the transformers library only"
    raise ModelError(msg)


def _sha256_of_parameters(transformer: ReadableModel) -> str:
    """The digest of the names, shapes and values of all parameters, in order of name."""
    parameters = sorted(transformer.named_parameters())
    return sha256_of_parts(
        part
        for name, parameter in parameters
        for part in (
            f"{name} {tuple(parameter.shape)}\n".encode(),
            np.ascontiguousarray(parameter.detach().cpu().float().numpy(), "<f4").tobytes(),
        )
    )
