"""The report as Markdown and as PDF."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.export.markdown import write_markdown_report
from app.report.export.pdf import pdf_available, write_pdf_report


def test_the_markdown_report_names_the_path_of_every_number(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert full_analysis.headline in text
    assert "`difference`" in text
    assert "## What the paper fixes, what it leaves open, what we chose" in text
    assert "nan" not in text.lower()


def test_the_pdf_is_a_pdf_and_the_same_bytes_twice(
    full_analysis: Analysis, full_frame: AnalysisFrame, svg_figures: dict[str, bytes]
) -> None:
    """The PDF is written once with figures that it draws itself and once with figures that were drawn before."""
    assert pdf_available()
    pdf = write_pdf_report("A round", "ab" * 32, full_analysis, full_frame)
    assert pdf.startswith(b"%PDF-")
    assert pdf == write_pdf_report("A round", "ab" * 32, full_analysis, full_frame, svg_figures)
