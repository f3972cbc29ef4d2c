"""The shape and the colour of each arm in every figure, so that colour is never the only difference."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.report.charts.svg_image import Shape


@dataclass(frozen=True)
class ArmStyle:
    """How one arm is drawn."""

    shape: Shape
    css_class: str
    """The class on pages, where the style sheet sets the colour."""
    marker: str
    """matplotlib's name of the shape."""
    colour: str
    """The colour in the export's figures."""


ARM_STYLES = (
    ArmStyle("circle", "arm-0", "o", "#2166ac"),
    ArmStyle("square", "arm-1", "s", "#b83a26"),
    ArmStyle("diamond", "arm-2", "D", "#2a7554"),
    ArmStyle("triangle", "arm-3", "^", "#74509a"),
)


def arm_style(arm: str, arm_order: Sequence[str]) -> ArmStyle:
    """The style of an arm, by its position in the order; a fifth arm looks like the first."""
    return ARM_STYLES[arm_order.index(arm) % len(ARM_STYLES)]
