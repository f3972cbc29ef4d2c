"""Names in Hebrew, Arabic and other scripts that are read from right to left, within sentences that are not.

Where such a name stands before a number, programs that show text draw the number inside the name. Isolated, it keeps
its place. Only what is shown is isolated: stored and compared sentences stay as they are.
"""

import unicodedata
from collections.abc import Iterator

RIGHT_TO_LEFT = {"R", "AL"}
"""Unicode's classes of letters that are read from right to left."""
ISOLATE, END_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def isolate_right_to_left(text: str) -> str:
    """The text with invisible characters around each run of letters that are read from right to left."""
    if text.isascii():
        return text
    parts, position = [], 0
    for start, end in _right_to_left_runs(text):
        parts += [text[position:start], ISOLATE, text[start:end], END_ISOLATE]
        position = end
    return "".join([*parts, text[position:]])


def _right_to_left_runs(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each run from its first to its last such letter; a letter that is read otherwise ends it."""
    start = end = 0
    for index, character in enumerate(text):
        direction = unicodedata.bidirectional(character)
        if direction in RIGHT_TO_LEFT:
            start, end = (start if end else index), index + 1
        elif direction == "L" and end:
            yield start, end
            end = 0
    if end:
        yield start, end
