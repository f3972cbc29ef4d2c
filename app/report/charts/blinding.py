"""Charts of whether the blind held: what marks and wire give away, and what people guessed."""

from typing import Any

from app.report.charts.chart import Chart, Line
from app.report.charts.dotplot import AREA, INDEX, dotplot

GROUPS = (("overall", "all guesses"), ("within_interpretable", "marked INTERPRETABLE"), ("within_not", "marked NOT"))


def stimulus_chart(analysis: dict[str, Any]) -> Chart | None:
    """AUC of marks for telling the arms apart and, where a leak audit was run, of everything else."""
    lines = [
        Line(one["label"], one["auc"], one["interval"], f"stimulus.{place}")
        for place, one in enumerate(analysis["stimulus"])
        if one["auc"] is not None
    ]
    wire = analysis["transport"]
    if wire is not None and wire["auc"] is not None:
        lines.append(Line("all but words and marks", wire["auc"], None, "transport.auc"))
    return dotplot("stimulus", "What the marks alone give away", analysis["marks_alone"], lines, AREA)


def blinding_chart(analysis: dict[str, Any]) -> Chart | None:
    """Bang's index per arm, over all guesses and within each verdict, with the usual band of a blind that held."""
    found = analysis["blinding"]
    lines = [
        Line(f"{arm}, {label}", one["estimate"], one["interval"], f"blinding.{group}.bang.{arm}")
        for group, label in GROUPS
        if found[group] is not None
        for arm, one in found[group]["bang"].items()
        if one is not None
    ]
    if not lines:
        return None
    overall = found["overall"]["james"]
    james = f"James' index is {overall['estimate']:.2f} (0.5 is guessing at random). " if overall else ""
    reading = james + "Bang's index within a verdict speaks of leaks; over all guesses it also follows the verdicts."
    return dotplot("blinding", "Guesses of the arm", reading, lines, INDEX)
