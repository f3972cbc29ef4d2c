"""Where a model runs."""

import pytest
import torch

from app.foundation.errors import SettingsError
from app.harvest.scan.device import resolve_device


def test_a_device_that_is_not_there_is_refused_and_auto_takes_the_best_there_is() -> None:
    if torch.cuda.is_available():
        assert resolve_device("auto") == resolve_device("cuda") == "cuda"
        return
    assert resolve_device("auto") == resolve_device("cpu") == "cpu"
    with pytest.raises(SettingsError, match="--device cpu"):
        resolve_device("cuda")
