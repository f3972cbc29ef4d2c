"""Charts are markup that a strict policy lets through, and say what the analysis says."""

import xml.etree.ElementTree as ET
from typing import Any

import pytest

from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, Guess, Stimulus
from app.report.charts.all_charts import charts
from app.report.export.figures import figures
from app.report.export.markdown import report_markdown
from app.report.export.pdf import pdf_available, report_pdf

Making = Any
HOSTILE = "<script>alert(1)</script>\"&'"


def value_at(analysis: dict[str, Any], path: str) -> Any:
    """What a dotted path of a chart's key leads to; names may hold dots only where they are the rest of the path."""
    found: Any = analysis
    for part in path.split("."):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return found


@pytest.fixture(scope="module")
def round_of_everything(making: Making) -> tuple[dict[str, Any], AnalysisFrame]:
    observations = making.simulated(evaluators=("Ash", "Birch", "Cedar", "Dogwood", HOSTILE), shown=12)
    arms = {one.allocated.item: one.allocated.arm for one in observations}
    guesses = tuple(
        Guess(name, True, ("solu", "baseline", None)[place % 3], item)
        for name in ("Ash", "Birch")
        for place, item in enumerate(sorted(arms))
    )
    controls = [
        making.observation(name, f"p{purity}{place}", "solu", verdict, kind="purity", purity=purity)
        for name in ("Ash", "Birch")
        for purity in (0.5, 0.95)
        for place, verdict in enumerate(("interpretable", "not_interpretable"))
    ]
    shown = tuple(
        Stimulus(item, 40 + 7 * (arm == "solu") + place % 13, 90, 900) for place, (item, arm) in enumerate(arms.items())
    )
    frame = making.frame_of(observations, guesses=guesses, stimuli=shown)
    return analyse([*observations, *controls], frame), frame


@pytest.fixture(scope="module")
def analysis(round_of_everything: tuple[dict[str, Any], AnalysisFrame]) -> dict[str, Any]:
    return round_of_everything[0]


def test_a_full_round_has_every_chart_in_the_order_of_the_page(analysis: dict[str, Any]) -> None:
    assert list(charts(analysis)) == [
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


def test_charts_are_well_formed_and_carry_no_style_script_or_link(analysis: dict[str, Any]) -> None:
    for chart in charts(analysis).values():
        root = ET.fromstring(chart.svg)
        assert root.attrib["role"] == "img"
        for element in root.iter():
            assert element.tag.split("}")[1] in {
                "svg", "title", "desc", "line", "rect", "polyline", "polygon", "circle", "text"
            }  # fmt: skip
            assert not {name for name in element.attrib if name in ("style", "href") or name.startswith("on")}
        assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_names_of_people_are_escaped(analysis: dict[str, Any]) -> None:
    for chart in charts(analysis).values():
        assert "<script" not in chart.svg
    assert "&lt;script&gt;" in charts(analysis)["evaluators"].svg


def test_every_row_leads_to_its_number(analysis: dict[str, Any]) -> None:
    for chart in charts(analysis).values():
        assert chart.rows
        assert len(chart.keys) == len(chart.rows)
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        for key in chart.keys:
            assert value_at(analysis, key) is not None, (chart.name, key)


def test_drawn_intervals_are_where_the_numbers_are(analysis: dict[str, Any]) -> None:
    chart = charts(analysis)["forest"]
    root = ET.fromstring(chart.svg)
    bars = [one for one in root.iter("{http://www.w3.org/2000/svg}line") if one.attrib["class"].startswith("interval")]
    found = [(float(one.attrib["x1"]), float(one.attrib["x2"])) for one in bars]
    limits = [line.interval for line in chart.lines]
    low, high = limits[0], limits[-1]
    assert low is not None
    assert high is not None
    per_unit = (found[0][1] - found[0][0]) / (low[1] - low[0])
    assert found[-1][1] - found[-1][0] == pytest.approx((high[1] - high[0]) * per_unit, abs=0.1)
    assert found[-1][0] - found[0][0] == pytest.approx((high[0] - low[0]) * per_unit, abs=0.1)


def test_the_export_s_figures_are_the_same_bytes_twice(analysis: dict[str, Any]) -> None:
    found = figures(analysis, ("svg",))
    assert found == figures(analysis, ("svg",))
    assert {"figures/fractions.svg", "figures/forest.svg", "figures/evaluators.svg"} <= found.keys()
    assert b"<text" in found["figures/forest.svg"]


def test_the_markdown_report_names_the_key_of_every_number(
    round_of_everything: tuple[dict[str, Any], AnalysisFrame],
) -> None:
    analysis, frame = round_of_everything
    text = report_markdown("A round", "ab" * 32, analysis, frame)
    assert analysis["headline"] in text
    assert "`difference`" in text
    assert "## The paper, unknown, ours" in text
    assert "nan" not in text.lower()


def test_the_pdf_is_a_pdf_and_the_same_bytes_twice(round_of_everything: tuple[dict[str, Any], AnalysisFrame]) -> None:
    assert pdf_available()
    found = report_pdf("A round", "ab" * 32, *round_of_everything)
    assert found.startswith(b"%PDF-")
    assert found == report_pdf("A round", "ab" * 32, *round_of_everything)
