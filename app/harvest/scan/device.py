"""Where a model runs and in which arithmetic."""

import torch

from app.foundation.errors import SettingsError


def device_of(name: str) -> str:
    """`cpu`, `cuda`, or for `auto` whichever is there. Raises SettingsError if `cuda` is asked for and is not.

    Running on `cuda` has not been tested.
    """
    there = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if there else "cpu"
    if name == "cuda" and not there:
        msg = "this machine has no CUDA device that PyTorch can use; harvest with --device cpu"
        raise SettingsError(msg)
    return name
