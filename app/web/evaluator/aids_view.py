"""The aids of an item as their template draws them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from app.foundation.typography import with_minus_sign
from app.rounds.aids import Aids, TokenEffect

WIDTH, HEIGHT = 320, 96
"""The size of the histogram's drawing, in its own units."""


@dataclass(frozen=True)
class Bar:
    """A bar of the histogram; x and y are measured from the left and from the top."""

    x: float
    y: float
    width: float
    height: float
    below_zero: bool
    """Whether the bar counts negative activations."""


@dataclass(frozen=True)
class AidsView:
    """What `evaluator/_aids.html` draws; tokens have signs for white space, and numbers are texts."""

    strong_tokens: tuple[tuple[str, int, str], ...]
    """(token, how often it occurs, mean strength)"""
    promoted_tokens: tuple[tuple[str, str], ...]
    """(token, effect on its probability as the next token)"""
    suppressed_tokens: tuple[tuple[str, str], ...]
    lowest: str
    """The strength at the left end of the histogram, in per cent."""
    bars: tuple[Bar, ...]
    zero_x: float
    width: int = WIDTH
    height: int = HEIGHT


def build_aids_view(aids: Aids) -> AidsView:
    """The aids as their template draws them."""
    return AidsView(
        strong_tokens=tuple(
            (with_visible_spaces(token.text), token.count, f"{token.percent} %") for token in aids.tokens
        ),
        promoted_tokens=_effect_rows(aids.promoted),
        suppressed_tokens=_effect_rows(aids.suppressed),
        lowest=with_minus_sign(f"{aids.lowest:.1f}"),
        bars=tuple(histogram_bars(aids)),
        zero_x=zero_x(aids),
    )


def with_visible_spaces(text: str) -> str:
    """The text with visible signs for line breaks, tabs and the spaces at its ends, which a list would not show."""
    core = text.strip(" ")
    ends = text.partition(core) if core else (text, "", "")
    signs = core.replace("\n", "↵").replace("\t", "⇥")
    return f"{'␣' * len(ends[0])}{signs}{'␣' * len(ends[2])}"


def zero_x(aids: Aids) -> float:
    """The x coordinate of activation 0."""
    return round(WIDTH * _relative_position(aids, 0), 1)


def histogram_bars(aids: Aids) -> list[Bar]:
    """The histogram's bars. Heights are logarithms: most tokens are near zero, and other bars would be invisible."""
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
    return tuple((with_visible_spaces(effect.text), with_minus_sign(f"{effect.percent:+d} %")) for effect in effects)


def _relative_position(aids: Aids, percent: float) -> float:
    """The position of a strength between the left end (0) and the right end (1) of the histogram."""
    return min(1.0, max(0.0, (percent - aids.lowest) / (100 - aids.lowest)))
