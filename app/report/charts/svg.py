"""A drawing as SVG text: elements with classes and attributes, everything escaped, no style and no script.

The page's Content-Security-Policy allows no inline style, so colour and type come from static/css/report.css.
"""

from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

MARKS = ("circle", "square", "diamond", "triangle")
"""Shapes of the arms in order, so that colour is never the only sign."""


@dataclass
class Drawing:
    """An SVG image being drawn; `title` and `description` are what a screen reader says."""

    name: str
    width: float
    height: float
    title: str
    description: str
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line."""
        self._element("line", kind, x1=x1, y1=y1, x2=x2, y2=y2)

    def box(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A rectangle."""
        self._element("rect", kind, x=x, y=y, width=width, height=height)

    def path(self, points: list[tuple[float, float]], kind: str) -> None:
        """An open line through points; at least two."""
        text = " ".join(f"{_number(x)},{_number(y)}" for x, y in points)
        self.parts.append(f"<polyline class={quoteattr(kind)} points={quoteattr(text)}/>")

    def text(self, x: float, y: float, words: str, kind: str, anchor: str = "start") -> None:
        """Words at a point; `anchor` is start, middle or end."""
        place = f'x="{_number(x)}" y="{_number(y)}" text-anchor={quoteattr(anchor)}'
        self.parts.append(f"<text class={quoteattr(kind)} {place}>{escape(words)}</text>")

    def mark(self, x: float, y: float, shape: str, kind: str, size: float = 5) -> None:
        """A point of one of the shapes in MARKS."""
        if shape == "circle":
            self._element("circle", kind, cx=x, cy=y, r=size)
            return
        corners = {
            "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            "diamond": [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)],
            "triangle": [(0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
        }[shape]
        text = " ".join(f"{_number(x + size * dx)},{_number(y + size * dy)}" for dx, dy in corners)
        self.parts.append(f"<polygon class={quoteattr(kind)} points={quoteattr(text)}/>")

    def render(self) -> str:
        """The finished SVG element."""
        labels = f"{self.name}-title {self.name}-description"
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby={quoteattr(labels)} '
            f'viewBox="0 0 {_number(self.width)} {_number(self.height)}">'
            f"<title id={quoteattr(self.name + '-title')}>{escape(self.title)}</title>"
            f"<desc id={quoteattr(self.name + '-description')}>{escape(self.description)}</desc>"
        )
        return head + "".join(self.parts) + "</svg>"

    def _element(self, tag: str, kind: str, **numbers: float) -> None:
        places = " ".join(f'{name}="{_number(value)}"' for name, value in numbers.items())
        self.parts.append(f"<{tag} class={quoteattr(kind)} {places}/>")


def _number(value: float) -> str:
    return f"{value + 0.0:.2f}".rstrip("0").rstrip(".")
