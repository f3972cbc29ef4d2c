"""Charts are markup that a strict Content-Security-Policy allows, and show the numbers of the analysis."""

import xml.etree.ElementTree as ET

import pytest

from app.foundation.json_types import JsonValue
from app.report.analysis.analysis import Analysis
from app.report.charts.all_charts import draw_charts
from tests.report.conftest import HOSTILE_NAME

SVG = "{http://www.w3.org/2000/svg}"
TAGS = {"svg", "title", "desc", "line", "rect", "polyline", "polygon", "circle", "text"}


def value_at(analysis: Analysis, path: str) -> JsonValue:
    """The value of analysis.json to which a chart's dotted path leads."""
    value: JsonValue = analysis.content()
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)]
        else:
            assert isinstance(value, dict)
            value = value[key]
    return value


def test_a_round_with_all_results_has_every_chart_in_the_order_of_the_page(full_analysis: Analysis) -> None:
    assert list(draw_charts(full_analysis)) == [
        "fractions",
        "forest",
        "stimulus",
        "evaluators",
        "secondary",
        "sensitivity",
        "flow",
        "agreement",
        "pairs",
        "controls",
        "blinding",
        "drift",
        "time",
    ]


def test_charts_are_well_formed_and_carry_no_style_script_or_link(full_analysis: Analysis) -> None:
    for chart in draw_charts(full_analysis).values():
        root = ET.fromstring(chart.svg)
        assert root.attrib["role"] == "img"
        for element in root.iter():
            assert element.tag.removeprefix(SVG) in TAGS
            assert not {name for name in element.attrib if name in ("style", "href") or name.startswith("on")}
        assert root.find(f"{SVG}title") is not None


def test_names_of_people_are_escaped(full_analysis: Analysis) -> None:
    assert "<script" in HOSTILE_NAME
    for chart in draw_charts(full_analysis).values():
        assert "<script" not in chart.svg
    assert "&lt;script&gt;" in draw_charts(full_analysis)["evaluators"].svg


def test_every_row_of_a_chart_has_the_path_of_its_numbers(full_analysis: Analysis) -> None:
    for chart in draw_charts(full_analysis).values():
        assert chart.rows
        assert len(chart.row_paths) == len(chart.rows)
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        for path in chart.row_paths:
            assert value_at(full_analysis, path) is not None, (chart.name, path)


def test_intervals_are_drawn_at_the_positions_of_their_numbers(full_analysis: Analysis) -> None:
    chart = draw_charts(full_analysis)["forest"]
    bars = [bar for bar in ET.fromstring(chart.svg).iter(f"{SVG}line") if bar.attrib["class"].startswith("interval")]
    drawn = [(float(bar.attrib["x1"]), float(bar.attrib["x2"])) for bar in bars]
    first, last = chart.lines[0].interval, chart.lines[-1].interval
    assert first is not None
    assert last is not None
    (first_start, first_end), (last_start, last_end) = drawn[0], drawn[-1]
    per_unit = (first_end - first_start) / first.width
    assert last_end - last_start == pytest.approx(last.width * per_unit, abs=0.1)
    assert last_start - first_start == pytest.approx((last.lower - first.lower) * per_unit, abs=0.1)
