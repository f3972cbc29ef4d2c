"""An image as SVG text: elements with classes and attributes, everything escaped, no style and no script.

The page's Content-Security-Policy allows no inline style, so colour and type come from static/css/report.css.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from app.foundation.right_to_left import isolate_right_to_left
from app.foundation.typed_text import show_unseen_characters

Shape = Literal["circle", "square", "diamond", "triangle"]
Anchor = Literal["start", "middle", "end"]

CORNERS: dict[Shape, tuple[tuple[float, float], ...]] = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "triangle": ((0, -1.2), (1.15, 0.9), (-1.15, 0.9)),
}
"""The corners of a shape of size 1 around its centre."""


@dataclass
class SvgImage:
    """An SVG image being drawn; `title` and `description` are what a screen reader says."""

    name: str
    width: float
    height: float
    title: str
    description: str
    elements: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, css_class: str) -> None:
        """Draw a straight line."""
        self._add_element("line", css_class, x1=x1, y1=y1, x2=x2, y2=y2)

    def box(self, x: float, y: float, width: float, height: float, css_class: str) -> None:
        """Draw a rectangle."""
        self._add_element("rect", css_class, x=x, y=y, width=width, height=height)

    def path(self, points: Sequence[tuple[float, float]], css_class: str) -> None:
        """Draw an open line through at least two points."""
        self.elements.append(f"<polyline class={quoteattr(css_class)} points={_points_attribute(points)}/>")

    def text(self, x: float, y: float, text: str, css_class: str, anchor: Anchor = "start") -> None:
        """Write text at a point, which is where the text starts, its middle or its end."""
        position = f'x="{_coordinate(x)}" y="{_coordinate(y)}" text-anchor={quoteattr(anchor)}'
        self.elements.append(f"<text class={quoteattr(css_class)} {position}>{_escape(text)}</text>")

    def mark(self, x: float, y: float, shape: Shape, css_class: str, size: float = 5) -> None:
        """Draw a point as one of the shapes."""
        if shape == "circle":
            self._add_element("circle", css_class, cx=x, cy=y, r=size)
            return
        corners = [(x + size * dx, y + size * dy) for dx, dy in CORNERS[shape]]
        self.elements.append(f"<polygon class={quoteattr(css_class)} points={_points_attribute(corners)}/>")

    def render(self) -> str:
        """The finished SVG element."""
        labels = f"{self.name}-title {self.name}-description"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby={quoteattr(labels)} '
            f'viewBox="0 0 {_coordinate(self.width)} {_coordinate(self.height)}">'
            f"<title id={quoteattr(self.name + '-title')}>{_escape(self.title)}</title>"
            f"<desc id={quoteattr(self.name + '-description')}>{_escape(self.description)}</desc>"
        )
        return head + "".join(self.elements) + "</svg>"

    def _add_element(self, tag: str, css_class: str, **coordinates: float) -> None:
        attributes = " ".join(f'{name}="{_coordinate(value)}"' for name, value in coordinates.items())
        self.elements.append(f"<{tag} class={quoteattr(css_class)} {attributes}/>")


def _escape(text: str) -> str:
    """Text as XML has it; control characters, which XML does not allow, are written as their code points."""
    return escape(isolate_right_to_left(show_unseen_characters(text)))


def _points_attribute(points: Sequence[tuple[float, float]]) -> str:
    return quoteattr(" ".join(f"{_coordinate(x)},{_coordinate(y)}" for x, y in points))


def _coordinate(value: float) -> str:
    return f"{value + 0.0:.2f}".rstrip("0").rstrip(".")
