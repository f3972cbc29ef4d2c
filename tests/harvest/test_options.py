"""Options that cannot be used are refused."""

from typing import Any

import pytest

from app.foundation.errors import SettingsError
from app.harvest.options import HarvestOptions


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"k": 0}, "k is 0; give a whole number, 1 or more"),
        ({"k": 2.5}, "k is 2.5; give a whole number"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"sample": 0}, "sample is 0"),
        ({"tokens": 0}, "tokens is 0"),
        ({"random": -1}, "random is -1; give a whole number, 0 or more"),
        ({"contrast": None}, "contrast is None"),
        ({"overlap": -1}, "overlap is -1"),
        ({"duplicate_span": -1}, "duplicate_span is -1"),
        ({"seed": 2**70}, "give a whole number from -4294967296 to 4294967296"),
        ({"dtype": "float16"}, "give one of float32, bfloat16"),
        ({"site": "mlp.out"}, "is no site; sites are"),
        ({"device": "tpu"}, "give one of cpu, cuda, auto"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        HarvestOptions(**values)
