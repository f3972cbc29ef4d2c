"""What the design planned stands in the report, or the report says that it is not there."""

from dataclasses import replace

import pytest

from app.foundation.markdown_text import escape_markdown
from app.report.absent_results import ABSENT_HEADING, PATHS, REASONS, absent_results
from app.report.analysis.analysis import Analysis, analyse
from app.report.analysis.blinding import SortedPiles, SortingResults
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.export.markdown import write_markdown_report
from app.report.export.pdf import typst_document
from app.report.methods_text import AIDS
from app.report.result_tables import RULE_TEXTS, result_tables
from app.rounds.analysis_plan import BLINDING, SECONDARY, SENSITIVITY
from app.rounds.exclusions import Exclusions
from app.unblinding.observations import Observation
from tests.report.test_charts import value_at

PLANNED = {*SECONDARY, *SENSITIVITY, *BLINDING}


def report_with_rules(observations: list[Observation], frame: AnalysisFrame, seconds: float) -> tuple[Analysis, str]:
    frame = replace(frame, exclusions=Exclusions(shortest_median_seconds=seconds))
    analysis = analyse(observations, frame)
    return analysis, write_markdown_report("A round", "ab" * 32, analysis, frame)


def test_every_planned_result_has_a_reason_for_its_absence() -> None:
    assert set(REASONS) == PLANNED
    assert set(PATHS) <= PLANNED
    assert set(RULE_TEXTS) == {name for name, _ in Exclusions()}


def test_every_row_of_a_table_has_the_path_of_its_numbers(full_analysis: Analysis) -> None:
    for table in result_tables(full_analysis):
        assert len(table.rows) == len(table.row_paths)
        assert all(len(row) == len(table.columns) for row in table.rows)
        for path in table.row_paths:
            assert value_at(full_analysis, path) is not None, path


def test_each_planned_result_is_shown_or_said_to_be_absent(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    for analysis in (full_analysis, analyse([], full_frame)):
        charts, tables = draw_charts(analysis).values(), result_tables(analysis)
        paths = [path for chart in charts for path in chart.row_paths]
        paths += [path for table in tables for path in table.row_paths]
        absent = {sentence.partition(":")[0] for sentence in absent_results(charts, tables, analysis.units)}
        shown = {name for name in PLANNED if any(f"{path}.".startswith(f"{PATHS.get(name, name)}.") for path in paths)}
        assert shown | absent == PLANNED
        assert not shown & absent


def test_a_report_says_that_nobody_sorted_and_shows_piles_if_somebody_did(
    full_analysis: Analysis, full_frame: AnalysisFrame
) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert f"## {ABSENT_HEADING}" in text
    assert "- sorting: nobody sorted items into piles." in text
    assert "nobody sorted items into piles" in typst_document("A round", "ab" * 32, full_analysis, full_frame, ())
    sorting = SortingResults((SortedPiles("Ada", items=8, agreeing=5, p=0.5),), p=0.5)
    sorted_analysis = replace(full_analysis, blinding=replace(full_analysis.blinding, sorting=sorting))
    text = write_markdown_report("A round", "ab" * 32, sorted_analysis, full_frame)
    assert "nobody sorted" not in text
    assert "5 of 8 items agree with the arms, p = 0.5" in text


@pytest.mark.parametrize("seconds", [1e6, 0.001])
def test_rules_that_exclude_everybody_or_nobody_are_reported(
    five_evaluators: list[Observation], full_frame: AnalysisFrame, seconds: float
) -> None:
    analysis, text = report_with_rules(five_evaluators, full_frame, seconds)
    assert "## Exclusion rules for evaluators" in text
    assert "`exclusions.rules.shortest_median_seconds`" in text
    if seconds < 1:
        assert "No evaluator broke a rule of the design" in text
        return
    assert len(analysis.exclusions.excluded) == len(analysis.per_evaluator)
    assert "The design's rules exclude 5 of 5 evaluators" in text
    assert "Without them no judgment is left" in text
    assert (
        f"| Excluded: {escape_markdown(analysis.exclusions.excluded[0].evaluator)} | median time below the rule ("
        in text
    )
    assert "without them | cannot be computed |" in text
    assert "`exclusions.difference`" in text
    assert "5 of 5 evaluators" in typst_document("A round", "ab" * 32, analysis, full_frame, ())


def test_rules_that_exclude_some_are_reported_with_who_why_and_the_fractions_without_them(
    five_evaluators: list[Observation], full_frame: AnalysisFrame
) -> None:
    medians = sorted(time.median or 0 for time in analyse(five_evaluators, full_frame).time.by_evaluator)
    analysis, text = report_with_rules(five_evaluators, full_frame, (medians[0] + medians[1]) / 2)
    (excluded,) = analysis.exclusions.excluded
    assert f"exclude 1 of 5 evaluators ({excluded.evaluator}: median time below the rule (" in text
    assert all(f"`exclusions.arms.{arm}`" in text for arm in analysis.arms)


def test_active_seconds_are_defined_and_aids_are_said(full_analysis: Analysis, full_frame: AnalysisFrame) -> None:
    text = write_markdown_report("A round", "ab" * 32, full_analysis, full_frame)
    assert "Active seconds are the time from the display of an item to its verdict" in text
    assert AIDS not in text
    assert AIDS in write_markdown_report("A round", "ab" * 32, full_analysis, replace(full_frame, aids=True))
