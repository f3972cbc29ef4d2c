"""Archives and designs, which the face hands out as the program has them."""

from app.archive.archive import Archive as Archive
from app.rounds.cell import Cell as Cell
from app.rounds.design import Design as Design
from app.rounds.preset_settings import PRESET_NAMES

PRESETS: tuple[str, ...] = PRESET_NAMES
"""The names of the designs to start from."""
