"""In what the presets differ from a design's defaults. Pure."""

from typing import TypedDict

from app.foundation.errors import DesignError
from app.rounds.design_fields import Marks


class PresetSettings(TypedDict):
    """The fields in which a preset differs from a design's defaults."""

    neurons: int
    marks: Marks
    evaluators: int


SETTINGS: dict[str, PresetSettings] = {
    "solu-2022": {"neurons": 60, "marks": "proportional", "evaluators": 3},
    "solu-rank": {"neurons": 60, "marks": "rank", "evaluators": 3},
    "quick": {"neurons": 12, "marks": "proportional", "evaluators": 1},
}
PRESET_NAMES = tuple(SETTINGS)
DEFAULT_PRESET = "solu-rank"
"""The preset of a new round unless another one is chosen."""


def settings_of_preset(preset_name: str) -> PresetSettings:
    """The preset's settings. Raises DesignError for an unknown name."""
    if preset_name not in SETTINGS:
        msg = f"There is no preset “{preset_name}”; choose one of {', '.join(PRESET_NAMES)}."
        raise DesignError(msg)
    return SETTINGS[preset_name]
