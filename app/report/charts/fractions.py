"""Figure A: the fraction INTERPRETABLE by size and arm, the paper's own figures beside ours as hollow marks."""

from typing import Any

from app.report.charts.chart import WIDTH, Chart, Scale, interval_mark, percent_axis
from app.report.charts.svg import MARKS, Drawing
from app.report.number_text import percent, percent_range

REPORTED = {
    "1 to 40 layers": {"baseline": 0.35, "solu": 0.60},
    "64 layers": {"baseline": 0.33, "solu": 0.42},
}
"""Elhage et al. 2022, section 6: about 35 and 60 % up to 40 layers; no interval was given."""

TOP, BOTTOM, LEFT = 24.0, 300.0, 56.0


def fractions_chart(analysis: dict[str, Any]) -> Chart | None:
    """Figure A; None if nobody judged anything."""
    cells = [one for one in analysis["cells"] if one["fraction"] is not None]
    if not cells:
        return None
    reading = "; ".join(_spoken(arm, analysis["arms"][arm]) for arm in analysis["arm_order"]) + "."
    drawing = Drawing("fractions", WIDTH, 372, "Fraction of neurons marked INTERPRETABLE", reading)
    scale = Scale(0, 1, BOTTOM, TOP)
    percent_axis(drawing, scale, LEFT, WIDTH - 8)
    groups = [name for name in analysis["stratum_order"] if any(one["stratum"] == name for one in cells)]
    known = reported(analysis["arm_order"])
    width = (WIDTH - 8 - LEFT) / (len(groups) + len(known))
    for place, name in enumerate(groups):
        _group(drawing, scale, LEFT + width * (place + 0.5), [one for one in cells if one["stratum"] == name], analysis)
        drawing.text(LEFT + width * (place + 0.5), BOTTOM + 20, stratum_name(name), "label", "middle")
    _reported(drawing, scale, LEFT + width * len(groups), width, analysis["arm_order"])
    _legend(drawing, analysis["arm_order"], hollow=bool(known))
    rows = tuple(_row(one) for one in cells)
    keys = tuple(f"cells.{analysis['cells'].index(one)}" for one in cells)
    columns = ("Arm", "Stratum", "Neurons", "Judgments", "Fraction", "95 % interval")
    return Chart("fractions", "Figure A. Fraction by size and arm", reading, drawing.render(), columns, rows, keys)


def reported(order: list[str]) -> dict[str, dict[str, float]]:
    """The paper's fractions by size, of those arms that this round has; nothing if it has none of them."""
    known = {size: {arm: value for arm, value in values.items() if arm in order} for size, values in REPORTED.items()}
    return {size: values for size, values in known.items() if values}


def stratum_name(stratum: str) -> str:
    """A stratum as people say it: 1L/0 is 1 layer; the replicate follows where it is not the first."""
    size, _, replicate = stratum.partition("/")
    if not size[:-1].isdigit() or not size.endswith("L"):
        return stratum
    words = f"{size[:-1]} layer{'' if size == '1L' else 's'}"
    return words if replicate in ("", "0") else f"{words}, run {replicate}"


def arm_style(arm: str, order: list[str]) -> tuple[str, str]:
    """Shape and class of an arm, by its place in the order."""
    place = order.index(arm) % len(MARKS)
    return MARKS[place], f"arm-{place}"


def _group(
    drawing: Drawing, scale: Scale, centre: float, cells: list[dict[str, Any]], analysis: dict[str, Any]
) -> None:
    for place, cell in enumerate(cells):
        x = centre + (48 if len(cells) < 3 else 28) * (place - (len(cells) - 1) / 2)
        shape, kind = arm_style(cell["arm"], analysis["arm_order"])
        low, high = cell["interval"]
        interval_mark(drawing, x, (scale(low), scale(high)), kind)
        drawing.mark(x, scale(cell["fraction"]), shape, f"mark {kind}")
        drawing.text(x, BOTTOM + 36, f"n={cell['n']:g}" if len(cells) < 3 else f"{cell['n']:g}", "note", "middle")


def _reported(drawing: Drawing, scale: Scale, start: float, width: float, order: list[str]) -> None:
    known = reported(order)
    if not known:
        return
    drawing.line(start, TOP, start, BOTTOM, "divider")
    for place, (size, values) in enumerate(known.items()):
        centre = start + width * (place + 0.5)
        for arm, value in values.items():
            shape, kind = arm_style(arm, order)
            drawing.mark(centre, scale(value), shape, f"mark hollow {kind}")
            drawing.text(centre + 12, scale(value) + 4, f"{value:.0%}".replace("%", " %"), "note")
        drawing.text(centre, BOTTOM + 20, size, "label", "middle")
        drawing.text(centre, BOTTOM + 36, "reported", "note", "middle")


def _legend(drawing: Drawing, order: list[str], *, hollow: bool) -> None:
    x = LEFT
    for arm in order:
        shape, kind = arm_style(arm, order)
        drawing.mark(x + 6, 360, shape, f"mark {kind}")
        drawing.text(x + 18, 364, arm, "label")
        x += 40 + 7.5 * len(arm)
    if hollow:
        drawing.text(WIDTH - 8, 364, "hollow: reported in the paper, without intervals", "note", "end")


def _spoken(arm: str, one: dict[str, Any]) -> str:
    if one["fraction"] is None:
        return f"{arm}: nobody judged it"
    return f"{arm} {percent(one['fraction'])} ({percent_range(one['interval'])})"


def _row(cell: dict[str, Any]) -> tuple[str, ...]:
    return (
        cell["arm"],
        stratum_name(cell["stratum"]),
        f"{cell['n']:g}",
        f"{cell['judgments']:g}",
        percent(cell["fraction"]),
        percent_range(cell["interval"]),
    )
