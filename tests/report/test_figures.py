"""The export's figures."""

from app.report.analysis.analysis import Analysis
from app.report.export.figures import draw_figures


def test_figures_are_the_same_bytes_twice(full_analysis: Analysis) -> None:
    figures = draw_figures(full_analysis, ("svg",))
    assert figures == draw_figures(full_analysis, ("svg",))
    assert {"figures/fractions.svg", "figures/forest.svg", "figures/evaluators.svg"} <= figures.keys()
    assert b"<text" in figures["figures/forest.svg"]
