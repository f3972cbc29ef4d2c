"""The export's figures."""

from app.report.analysis.analysis import Analysis, analyse
from app.report.export.figures import draw_figures
from app.report.export.pdf import pdf_available, write_pdf_report
from tests.report.simulated_round import frame_for, simulate_observations


def test_figures_are_the_same_bytes_twice(full_analysis: Analysis, svg_figures: dict[str, bytes]) -> None:
    assert draw_figures(full_analysis, ("svg",)) == svg_figures
    assert {"figures/fractions.svg", "figures/forest.svg", "figures/evaluators.svg"} <= svg_figures.keys()
    assert b"<text" in svg_figures["figures/forest.svg"]


def test_any_pseudonym_that_an_older_version_took_can_be_drawn_and_set() -> None:
    """A dollar begins no formula, and characters that nobody sees are written as their code points."""
    observations = simulate_observations(evaluators=("\ufeffA$\\q$\x1b[31m\x00", "Bo", "Cy"), shown=8)
    analysis, frame = analyse(observations, frame_for(observations)), frame_for(observations)
    figures = draw_figures(analysis)
    assert "&lt;U+FEFF&gt;A$\\q$&lt;U+001B&gt;[31m&lt;U+0000&gt;" in figures["figures/evaluators.svg"].decode()
    if pdf_available():
        images = {path: content for path, content in figures.items() if path.endswith(".svg")}
        assert write_pdf_report("A round", "ab" * 32, analysis, frame, images).startswith(b"%PDF")
