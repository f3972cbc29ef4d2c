"""Where a model runs."""

import torch

from app.foundation.errors import SettingsError


def resolve_device(name: str) -> str:
    """`cpu` or `cuda`; for `auto` the graphics card if there is one. Raises SettingsError if `cuda` is not there."""
    has_cuda = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if has_cuda else "cpu"
    if name == "cuda" and not has_cuda:
        msg = "this machine has no CUDA device that PyTorch can use; harvest with --device cpu"
        raise SettingsError(msg)
    return name
