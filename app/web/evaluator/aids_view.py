"""The aids of an item as their template draws them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rounds.aids import Aids, TokenEffect

WIDTH, HEIGHT = 320, 96
"""Of the histogram, in the units of its drawing."""
MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Bar:
    """One bin of the histogram, measured from the left and from the top."""

    x: float
    y: float
    width: float
    height: float
    below: bool
    """The bin lies below zero."""


def aids_context(aids: Aids) -> Mapping[str, Any]:
    """What `judging/_aids.html` draws."""
    return {
        "tokens": [(readable(one.text), one.count, f"{one.percent} %") for one in aids.tokens],
        "promoted": _told(aids.promoted),
        "suppressed": _told(aids.suppressed),
        "lowest": f"{aids.lowest:.1f}".replace("-", MINUS),
        "bars": bars(aids),
        "zero": zero(aids),
        "width": WIDTH,
        "height": HEIGHT,
    }


def readable(text: str) -> str:
    """A token's text with a sign for the white space at its ends, which a list would not show."""
    core = text.strip(" ")
    ends = text.partition(core) if core else (text, "", "")
    signs = core.replace("\n", "↵").replace("\t", "⇥")
    return f"{'␣' * len(ends[0])}{signs}{'␣' * len(ends[2])}"


def _told(effects: Sequence[TokenEffect]) -> list[tuple[str, str]]:
    return [(readable(one.text), f"{one.percent:+d} %".replace("-", MINUS)) for one in effects]


def zero(aids: Aids) -> float:
    """Where activation 0 lies, from the left."""
    return round(WIDTH * _share(aids, 0), 1)


def bars(aids: Aids) -> list[Bar]:
    """Heights are logarithms: nearly every token lies about zero, and the rest would not be seen."""
    width = WIDTH / len(aids.histogram)
    tallest = math.log1p(max(aids.histogram))
    found = []
    for place, count in enumerate(aids.histogram):
        height = HEIGHT * math.log1p(count) / tallest if tallest else 0.0
        below = (place + 1) / len(aids.histogram) <= _share(aids, 0)
        found.append(Bar(round(place * width, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1), below))
    return found


def _share(aids: Aids, percent: float) -> float:
    """How far a strength lies between the ends of the histogram, 0 to 1."""
    return min(1.0, max(0.0, (percent - aids.lowest) / (100 - aids.lowest)))
