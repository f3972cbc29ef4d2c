"""The export's figures."""

from app.report.analysis.analysis import Analysis
from app.report.export.figures import draw_figures


def test_figures_are_the_same_bytes_twice(full_analysis: Analysis, svg_figures: dict[str, bytes]) -> None:
    assert draw_figures(full_analysis, ("svg",)) == svg_figures
    assert {"figures/fractions.svg", "figures/forest.svg", "figures/evaluators.svg"} <= svg_figures.keys()
    assert b"<text" in svg_figures["figures/forest.svg"]
