"""Checkpoints of other libraries, recorded by tests/peers with the values that the libraries compute from them."""

import json
from collections.abc import Callable
from pathlib import Path

from app.foundation.json_types import JsonValue

RECORDED = Path(__file__).resolve().parents[1] / "data" / "peers"
LENS, LENS_GELU, LLAMA = "lens-1L-solu_ln", "lens-1L-gelu-exact", "hf-Llama"
REMOVED = object()
"""A value for `change_json` that removes the key."""

CopyRecorded = Callable[[str], Path]
"""A function from the name of a recorded checkpoint to a copy of its folder, which a test may damage."""


def change_json(path: Path, **values: JsonValue | object) -> None:
    """Set keys of a JSON file, or remove them."""
    content = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not REMOVED}))
