"""The texts, charts and tables of the report page, from the frozen analysis."""

from dataclasses import dataclass

from app.report.absent_results import absent_results
from app.report.analysis.estimates import ReportedEstimate
from app.report.analysis.primary import ArmResult
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import Chart
from app.report.export.pdf import pdf_available
from app.report.methods_text import decision_rows, limitations, methods_paragraphs
from app.report.number_text import percent, percent_range
from app.report.result_tables import ResultTable, result_tables
from app.report.result_text import describe_difference, signature_note
from app.rounds.unit_words import UnitWords
from app.services.exports import RoundReport


@dataclass(frozen=True)
class ArmLine:
    """One arm's result."""

    arm: str
    fraction: str
    interval: str
    counts_text: str


@dataclass(frozen=True)
class ReportView:
    """The texts, charts and tables of the page."""

    report: RoundReport
    headline: str
    giveaway_sentences: str
    """How well the marks alone and the transport alone tell the arms apart; shown under the headline."""
    signature_note: str
    """Says that the round's key did not sign the result; empty if it did, or if the round has no key."""
    arm_lines: tuple[ArmLine, ...]
    difference_text: str
    ratio: str
    notes: tuple[str, ...]
    unit_words: UnitWords
    charts: tuple[Chart, ...]
    further_tables: tuple[ResultTable, ...]
    absent: tuple[str, ...]
    """Sentences on planned results that the page does not show."""
    methods: tuple[str, ...]
    decisions: tuple[tuple[str, ...], ...]
    limits: tuple[str, ...]
    pdf: bool
    """Whether this server can make PDF files."""


def report_view(report: RoundReport) -> ReportView:
    """The page's content from the frozen analysis."""
    analysis = report.analysis
    charts, tables = tuple(draw_charts(analysis).values()), tuple(result_tables(analysis))
    return ReportView(
        report=report,
        headline=analysis.headline,
        giveaway_sentences=f"{analysis.marks_alone} {analysis.transport_alone}",
        signature_note=signature_note(unsigned=report.unsigned),
        arm_lines=tuple(_arm_line(arm, result, analysis.units) for arm, result in analysis.arms.items()),
        difference_text=describe_difference(analysis.difference),
        ratio=_describe_ratio(analysis.ratio),
        notes=analysis.notes,
        unit_words=analysis.units,
        charts=charts,
        further_tables=tables,
        absent=tuple(absent_results(charts, tables, analysis.units)),
        methods=tuple(methods_paragraphs(report.frame, analysis)),
        decisions=tuple(decision_rows(analysis.words)),
        limits=tuple(limitations(analysis.words, analysis.units)),
        pdf=pdf_available(),
    )


def _arm_line(arm: str, result: ArmResult, unit_words: UnitWords) -> ArmLine:
    if result.fraction is None:
        return ArmLine(arm, "none", "no interval", f"no judged {unit_words.word_of(arm)}")
    counted = f"{result.counted:.1f}".removesuffix(".0")
    counts = f"{counted} of {result.n:g} {unit_words.of_arm(arm)}, {result.judgments:g} judgments"
    return ArmLine(arm, percent(result.fraction), percent_range(result.interval), counts)


def _describe_ratio(ratio: ReportedEstimate) -> str:
    if ratio.estimate is None:
        return "There is no ratio."
    if ratio.interval is None:
        return f"{ratio.estimate:.2f}"
    return f"{ratio.estimate:.2f}, 95 % interval {ratio.interval.lower:.2f} to {ratio.interval.upper:.2f}"
