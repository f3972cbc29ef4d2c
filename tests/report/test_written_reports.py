"""The report as Markdown and as PDF."""

from dataclasses import replace
from datetime import UTC, datetime

from app.report.analysis.analysis import Analysis
from app.report.analysis.blinding import SortedPiles, SortingResults
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.people import ExcludedEvaluator, ExclusionResults
from app.report.export.checklist import methods_checklist
from app.report.export.markdown import write_markdown_report
from app.report.export.pdf import pdf_available, typst_document, write_pdf_report
from app.report.methods_text import BLIND_BROKEN
from app.report.result_text import UNSIGNED_RESULT, describe_result_step


def test_an_unsigned_result_is_called_so_in_every_form(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    for unsigned in (False, True):
        text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame, unsigned=unsigned)
        document = typst_document("A round", "ab" * 32, full_analysis, full_frame, (), unsigned=unsigned)
        assert (UNSIGNED_RESULT in text) == (UNSIGNED_RESULT in document) == unsigned


def test_the_markdown_report_names_the_path_of_every_number(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert full_analysis.headline in text
    assert "`difference`" in text
    assert "## What the paper fixes, what it leaves open, what we chose" in text
    assert "nan" not in text.lower()


def test_the_markdown_report_has_the_primary_p_value(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert full_analysis.difference.p is not None
    assert f"permutation p {full_analysis.difference.p:.3f}" in text or "permutation p under 0.001" in text


def test_the_page_says_who_made_the_result_when_and_why() -> None:
    step = describe_result_step(2, "Dag", datetime(2026, 11, 27, 1, 15, tzinfo=UTC), "a fixed\nestimator")
    assert (
        step == "Corrected (version 2 of the result) by Dag on 27 November 2026, 01:15 UTC. Reason: a fixed estimator"
    )


def test_reports_claim_no_publication_and_no_more_than_an_export_can_show(
    full_analysis: Analysis, full_frame: AnalysisFrame
) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert "proves that nothing changed" not in text
    assert "By itself the export shows only that it agrees with itself." in text
    assert "published before" not in text.replace("What was published or saved before", "")
    assert "In this round" not in text


def test_the_table_of_the_marks_says_how_an_auc_under_a_half_is_read(
    full_analysis: Analysis, full_frame: AnalysisFrame
) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    sentence = f"an AUC of the marks is the chance that {full_analysis.treatment} has more of them than"
    assert sentence in text
    assert "gives as much away as 1 minus the AUC" in text


def test_the_pdf_is_a_pdf_and_the_same_bytes_twice(
    full_analysis: Analysis, full_frame: AnalysisFrame, svg_figures: dict[str, bytes]
) -> None:
    """The PDF is written once with figures that it draws itself and once with figures that were drawn before."""
    assert pdf_available()
    pdf = write_pdf_report("A round", "ab" * 32, full_analysis, full_frame)
    assert pdf.startswith(b"%PDF-")
    assert pdf == write_pdf_report("A round", "ab" * 32, full_analysis, full_frame, svg_figures)


def test_line_breaks_in_a_title_or_a_name_add_no_line_to_the_report(
    full_analysis: Analysis, full_frame: AnalysisFrame
) -> None:
    name = "Ada\n## 99 % of solu"
    sorting = SortingResults((SortedPiles(name, items=8, agreeing=5, p=0.5),), p=0.5)
    excluded = ExclusionResults({"smallest_completed": 0.5}, (ExcludedEvaluator(name, ("late",)),), None, None)
    blinding = replace(full_analysis.blinding, sorting=sorting)
    analysis = replace(full_analysis, blinding=blinding, exclusions=excluded)
    text = write_markdown_report("A round\n\n## 99 % of solu", "ab" * 32, analysis, full_frame)
    assert text.startswith("# A round ## 99 % of solu\n")
    assert "\n## 99 %" not in text


def test_what_is_said_of_the_blind_is_what_the_log_says(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    exposed_count = sum(evaluator.exposed for evaluator in full_frame.evaluators)
    for broken in (False, True):
        frame = replace(full_frame, blind_broken=broken)
        analysis = replace(full_analysis, blind_broken=broken)
        checklist = methods_checklist("A round", {}, "ab" * 32, frame, analysis)
        answers = {answer.asks: str(answer.answer) for answer in checklist.answers}
        assert f"{exposed_count} of {len(frame.evaluators)} evaluators knew the models" in answers["Blinding"]
        assert ("the blind was broken" in answers["Blinding"]) == broken
        assert ("the log has no browsing of archives" in answers["Breaches"]) != broken
        assert (BLIND_BROKEN in checklist.methods) == broken
