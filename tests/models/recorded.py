"""Checkpoints of other libraries, recorded by tests/peers with the values that the libraries compute from them."""

import json
from collections.abc import Callable
from pathlib import Path

from app.foundation.json_types import JsonValue

RECORDED = Path(__file__).resolve().parents[1] / "data" / "peers"
LENS, LENS_GELU, LLAMA = "lens-1L-solu_ln", "lens-1L-gelu-exact", "hf-Llama"
REMOVED = object()
"""As a value for `change_json`: take the key out."""

CopyRecorded = Callable[[str], Path]
"""From the name of a recorded checkpoint to a copy of its folder, which may be damaged."""


def change_json(path: Path, **values: JsonValue | object) -> None:
    """Set keys of a JSON file, or take them out."""
    content = json.loads(path.read_text()) | values
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not REMOVED}))
