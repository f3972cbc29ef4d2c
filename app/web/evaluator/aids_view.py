"""The aids of an item as their template draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.foundation.typography import with_minus_sign
from app.rounds.aids import Aids, TokenEffect

WIDTH, HEIGHT = 320, 96
"""Of the histogram, in the units of its drawing."""


@dataclass(frozen=True)
class Bar:
    """One bin of the histogram, measured from the left and from the top."""

    x: float
    y: float
    width: float
    height: float
    below_zero: bool
    """The bin holds negative activations."""


@dataclass(frozen=True)
class AidsView:
    """What `evaluator/_aids.html` draws; tokens have signs for white space, and numbers are texts."""

    strong_tokens: tuple[tuple[str, int, str], ...]
    """(token, how often it occurs, mean strength)"""
    promoted_tokens: tuple[tuple[str, str], ...]
    """(token, effect on its probability as the next token)"""
    suppressed_tokens: tuple[tuple[str, str], ...]
    lowest: str
    """The left end of the histogram in per cent."""
    bars: tuple[Bar, ...]
    zero_x: float
    width: int = WIDTH
    height: int = HEIGHT


def build_aids_view(aids: Aids) -> AidsView:
    """The aids as their template draws them."""
    return AidsView(
        strong_tokens=tuple((visible_text(token.text), token.count, f"{token.percent} %") for token in aids.tokens),
        promoted_tokens=_effect_rows(aids.promoted),
        suppressed_tokens=_effect_rows(aids.suppressed),
        lowest=with_minus_sign(f"{aids.lowest:.1f}"),
        bars=tuple(histogram_bars(aids)),
        zero_x=zero_x(aids),
    )


def visible_text(text: str) -> str:
    """A token's text with a sign for the white space at its ends, which a list would not show."""
    core = text.strip(" ")
    ends = text.partition(core) if core else (text, "", "")
    signs = core.replace("\n", "↵").replace("\t", "⇥")
    return f"{'␣' * len(ends[0])}{signs}{'␣' * len(ends[2])}"


def zero_x(aids: Aids) -> float:
    """Where activation 0 lies, from the left."""
    return round(WIDTH * _relative_position(aids, 0), 1)


def histogram_bars(aids: Aids) -> list[Bar]:
    """Heights are logarithms: nearly every token lies about zero, and the others would not be seen."""
    bins = len(aids.histogram)
    width = WIDTH / bins
    tallest = math.log1p(max(aids.histogram))
    bars = []
    for index, count in enumerate(aids.histogram):
        height = HEIGHT * math.log1p(count) / tallest if tallest else 0.0
        below_zero = (index + 1) / bins <= _relative_position(aids, 0)
        bars.append(
            Bar(round(index * width, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1), below_zero)
        )
    return bars


def _effect_rows(effects: Sequence[TokenEffect]) -> tuple[tuple[str, str], ...]:
    return tuple((visible_text(effect.text), with_minus_sign(f"{effect.percent:+d} %")) for effect in effects)


def _relative_position(aids: Aids, percent: float) -> float:
    """How far a strength lies between the ends of the histogram, 0 to 1."""
    return min(1.0, max(0.0, (percent - aids.lowest) / (100 - aids.lowest)))
