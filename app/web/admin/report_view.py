"""What the report page shows, prepared: numbers as text, charts with their tables."""

from dataclasses import dataclass
from typing import Any

from app.report.charts.all_charts import charts
from app.report.charts.chart import Chart
from app.report.export.pdf import pdf_available
from app.report.methods_text import LIMITS, decision_rows, methods_text
from app.report.number_text import percent, percent_range, points, points_range
from app.services.exports import RoundReport


@dataclass(frozen=True)
class ArmLine:
    """One arm's result."""

    arm: str
    fraction: str
    interval: str
    counts: str


@dataclass(frozen=True)
class ReportView:
    """Everything on the page beside the charts' own markup."""

    report: RoundReport
    headline: str
    beside: str
    """What the marks alone and the wire alone give away: it stands beside every headline."""
    arms: tuple[ArmLine, ...]
    difference: str
    ratio: str
    notes: tuple[str, ...]
    charts: tuple[Chart, ...]
    methods: tuple[str, ...]
    decisions: tuple[tuple[str, str, str, str], ...]
    limits: tuple[str, ...]
    pdf: bool
    """Whether this server can set a PDF."""


def report_view(report: RoundReport) -> ReportView:
    """The page's content from the frozen analysis."""
    analysis = report.analysis
    return ReportView(
        report=report,
        headline=analysis["headline"],
        beside=f"{analysis['marks_alone']} {analysis['wire_alone']}",
        arms=tuple(_arm(name, one) for name, one in analysis["arms"].items()),
        difference=_difference(analysis["difference"]),
        ratio=_ratio(analysis["ratio"]),
        notes=tuple(analysis["notes"]),
        charts=tuple(charts(analysis).values()),
        methods=tuple(methods_text(report.frame, analysis)),
        decisions=tuple(decision_rows()),
        limits=LIMITS,
        pdf=pdf_available(),
    )


def _arm(name: str, result: dict[str, Any]) -> ArmLine:
    if result["fraction"] is None:
        return ArmLine(name, "none", "no interval", "no judged neuron")
    mean = f"{result['interpretable']:.1f}".removesuffix(".0")
    counts = f"{mean} of {result['n']:g} neurons, {result['judgments']:g} judgments"
    return ArmLine(name, percent(result["fraction"]), percent_range(result["interval"]), counts)


def _difference(result: dict[str, Any]) -> str:
    """The difference with its interval and p, and how they were made."""
    if result["estimate"] is None:
        return "The arms cannot be compared."
    found = f"{points(result['estimate'])} percentage points, 95 % interval {points_range(result['interval'])}"
    chance = "" if result["p"] is None else f"; permutation p {_p(result['p'])}"
    return f"{found}{chance} ({result['method']})."


def _ratio(result: dict[str, Any]) -> str:
    if result["estimate"] is None:
        return "There is no ratio."
    limits = result["interval"]
    return f"{result['estimate']:.2f}" + (f", 95 % interval {limits[0]:.2f} to {limits[1]:.2f}" if limits else "")


def _p(value: float) -> str:
    return "under 0.001" if value < 0.001 else f"{value:.3f}"
