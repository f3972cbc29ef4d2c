"""The flow diagram: from the frame to the analysis, one column per arm."""

from typing import Any

from app.report.charts.chart import WIDTH, Chart
from app.report.charts.svg import Drawing

STEPS = (
    ("eligible", "in the frame"),
    ("drawn", "drawn"),
    ("dead", "dead, counted NOT"),
    ("shown", "shown"),
    ("judged", "judged by someone"),
    ("analysed", "analysed"),
)
BOX, GAP = 40.0, 16.0


def flow_chart(analysis: dict[str, Any]) -> Chart | None:
    """The flow diagram; None for a round without arms."""
    arms = analysis["flow"]
    if not arms:
        return None
    reading = "; ".join(f"{one['arm']}: {one['drawn']} drawn, {one['analysed']} analysed" for one in arms) + "."
    height = 32 + len(STEPS) * (BOX + GAP)
    drawing = Drawing("flow", WIDTH, height, "Flow of neurons from frame to analysis", reading)
    width = (WIDTH - 20 * (len(arms) - 1)) / len(arms)
    for place, one in enumerate(arms):
        _column(drawing, place * (width + 20), width, one)
    labels = [label for _, label in STEPS]
    columns = ("Arm", *labels, "excluded by rule", "judgments", "cannot judge", "judgments not given")
    names = [name for name, _ in STEPS] + ["excluded", "judgments", "cannot_judge", "missing_judgments"]
    rows = tuple((one["arm"], *(f"{one[name]:,}" for name in names)) for one in arms)
    keys = tuple(f"flow.{place}" for place in range(len(arms)))
    return Chart("flow", "Flow of neurons", reading, drawing.render(), columns, rows, keys)


def _column(drawing: Drawing, x: float, width: float, one: dict[str, Any]) -> None:
    drawing.text(x + width / 2, 18, one["arm"], "label strong", "middle")
    for place, (name, label) in enumerate(STEPS):
        y = 30 + place * (BOX + GAP)
        indent = 24.0 if name == "dead" else 0.0
        drawing.box(x + indent, y, width - indent, BOX, "flow-side" if indent else "flow-box")
        drawing.text(x + indent + 12, y + 25, f"{one[name]:,}", "label strong")
        drawing.text(x + width - 12, y + 25, label, "label", "end")
        if place:
            drawing.line(x + 12, y - GAP, x + 12, y + (BOX / 2 if indent else 0), "arrow")
        if indent:
            drawing.line(x + 12, y + BOX / 2, x + indent, y + BOX / 2, "arrow")
            drawing.line(x + 12, y + BOX / 2, x + 12, y + BOX, "arrow")
