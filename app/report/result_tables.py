"""Tables of results that no chart shows, so that whatever the design planned stands in the report or is said to lack.

They are the exclusion rules with the result without excluded evaluators, and further planned results.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.foundation.typed_text import tidy_line
from app.report.analysis.analysis import Analysis
from app.report.analysis.controls import Acceptance
from app.report.analysis.estimates import ReportedEstimate
from app.report.analysis.people import ExclusionResults
from app.report.analysis.primary import Contrast
from app.report.number_text import percent, percent_range, points, points_range

RULE_TEXTS = {
    "shortest_median_seconds": "median active seconds, at least",
    "largest_cannot_judge": "share of “cannot judge”, at most",
    "smallest_completed": "share of their items judged, at least",
    "smallest_planted": "share of planted items {}, at least",
}
"""{exclusion rule of a design: its words}"""
NO_NUMBER = "cannot be computed"

TableRow = tuple[str, str, str, str]
"""A label, a number, its interval, and the path of the number in analysis.json."""


@dataclass(frozen=True)
class ResultTable:
    """A table of results without a figure."""

    name: str
    title: str
    summary_sentence: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_paths: tuple[str, ...]
    """For each row, the path in analysis.json that its numbers come from."""


def result_tables(analysis: Analysis) -> list[ResultTable]:
    """The tables that the analysis has numbers for, in the order of the page."""
    tables = [_table("further", "Further results", FURTHER, list(_further_rows(analysis)))]
    if analysis.exclusions.rules:
        sentence = _exclusion_sentence(analysis)
        rows = list(_exclusion_rows(analysis.exclusions, analysis))
        tables.insert(0, _table("exclusions", "Exclusion rules for evaluators", sentence, rows))
    return [table for table in tables if table.rows]


FURTHER = "Results that no figure shows. They do not decide the primary comparison."


def _table(name: str, title: str, sentence: str, labelled_rows: list[TableRow]) -> ResultTable:
    return ResultTable(
        name=name,
        title=title,
        summary_sentence=sentence,
        columns=("", "Result", "95 % interval"),
        rows=tuple(row[:3] for row in labelled_rows),
        row_paths=tuple(row[3] for row in labelled_rows),
    )


def _exclusion_sentence(analysis: Analysis) -> str:
    excluded = analysis.exclusions.excluded
    if not excluded:
        return "No evaluator broke a rule of the design, so there is no result without excluded evaluators."
    names = "; ".join(f"{tidy_line(evaluator.evaluator)}: {', '.join(evaluator.reasons)}" for evaluator in excluded)
    counted = f"The design's rules exclude {len(excluded)} of {len(analysis.per_evaluator)} evaluators ({names})."
    if len(excluded) == len(analysis.per_evaluator):
        return f"{counted} Without them no judgment is left, so all other results of this report are with them alone."
    return f"{counted} All other results of this report are with everyone; those without them stand below."


def _exclusion_rows(exclusions: ExclusionResults, analysis: Analysis) -> Iterator[TableRow]:
    for rule, limit in exclusions.rules.items():
        text = RULE_TEXTS.get(rule, rule).format(analysis.words.participle)
        yield f"Rule: {text}", f"{limit:g}", "", f"exclusions.rules.{rule}"
    for index, evaluator in enumerate(exclusions.excluded):
        yield f"Excluded: {evaluator.evaluator}", "; ".join(evaluator.reasons), "", f"exclusions.excluded.{index}"
    if exclusions.difference is None:
        return
    compared = f"{analysis.treatment} minus {analysis.reference}"
    yield _difference_row(f"{compared}, without them", exclusions.difference)
    for arm, result in (exclusions.arms or {}).items():
        fraction = NO_NUMBER if result.fraction is None else percent(result.fraction)
        yield f"{arm}, without them", fraction, percent_range(result.interval), f"exclusions.arms.{arm}"


def _difference_row(label: str, difference: Contrast) -> TableRow:
    estimate = NO_NUMBER if difference.estimate is None else f"{points(difference.estimate)} percentage points"
    return label, estimate, points_range(difference.interval), "exclusions.difference"


def _further_rows(analysis: Analysis) -> Iterator[TableRow]:
    transport = analysis.transport
    if transport is not None and transport.thresholds is not None:
        test = f"p = {transport.p:.2g} ({transport.items} items)"
        yield "leak audit: all that was sent beside words and marks", test, "", "transport"
    if analysis.ratio.estimate is not None:
        yield _ratio_row(analysis)
    spread = analysis.heterogeneity
    if spread is not None and spread.q is not None and spread.p is not None:
        test = f"Q = {spread.q:.2f} on {spread.degrees} df, p = {spread.p:.2g}"
        yield "heterogeneity over strata", test, "", "heterogeneity"
    yield from _control_rows(analysis)
    for index, evaluator in enumerate(analysis.agreement.leniency):
        if evaluator.fraction is not None:
            label = f"verdicts {analysis.words.name} of {evaluator.evaluator}"
            yield label, percent(evaluator.fraction), "", f"agreement.leniency.{index}"
    if analysis.time.all.judgments:
        yield "verdicts that were revised", str(analysis.time.revised), "", "time.revised"
    yield from _sorting_rows(analysis)


def _ratio_row(analysis: Analysis) -> TableRow:
    ratio: ReportedEstimate = analysis.ratio
    interval = "no interval" if ratio.interval is None else f"{ratio.interval.lower:.2f} to {ratio.interval.upper:.2f}"
    return f"ratio, {analysis.treatment} to {analysis.reference}", f"{ratio.estimate:.2f}", interval, "ratio"


def _control_rows(analysis: Analysis) -> Iterator[TableRow]:
    controls = analysis.controls
    if controls.planted.judgments:
        yield _acceptance_row(f"planted items {analysis.words.participle}", controls.planted, "controls.planted")
    for index, evaluator in enumerate(controls.planted_by_evaluator):
        label = f"the same by {evaluator.evaluator}"
        yield _acceptance_row(label, evaluator, f"controls.planted_by_evaluator.{index}")


def _acceptance_row(label: str, acceptance: Acceptance, path: str) -> TableRow:
    accepted = f"{acceptance.counted} of {acceptance.judgments} ({percent(acceptance.fraction)})"
    return label, accepted, percent_range(acceptance.interval), path


def _sorting_rows(analysis: Analysis) -> Iterator[TableRow]:
    sorting = analysis.blinding.sorting
    if sorting is None:
        return
    for index, piles in enumerate(sorting.per_evaluator):
        agreeing = f"{piles.agreeing} of {piles.items} items agree with the arms, p = {piles.p:.2g}"
        yield f"piles of {piles.evaluator}", agreeing, "", f"blinding.sorting.per_evaluator.{index}"
    if sorting.p is not None:
        yield "piles of all together", f"p = {sorting.p:.2g}", "", "blinding.sorting.p"
