"""The report's first sentences: the answer in plain words, and what cannot be said."""

from typing import Any

from app.report.analysis.frame import AnalysisFrame
from app.report.number_text import percent, points, points_range


def headline(analysis: dict[str, Any], frame: AnalysisFrame) -> str:
    """One or two sentences: the fractions, the difference with its interval, and for whom it holds."""
    prefix = "Stopped early. " if frame.stopped_early else ""
    prefix = "Blind broken. " + prefix if frame.blind_broken else prefix
    parts = [
        f"{percent(one['fraction'])} of the neurons of {arm}"
        for arm, one in analysis["arms"].items()
        if one["fraction"] is not None
    ]
    if not parts:
        return prefix + "Nobody has judged a neuron of this round, so there is nothing to report."
    sentence = f"{_joined(parts)} were marked INTERPRETABLE"
    return f"{prefix}{sentence}, {for_whom(analysis)}. {_difference(analysis['difference'])}"


def marks_alone(analysis: dict[str, Any]) -> str:
    """What stands beside the headline: how well the marks alone tell the arms apart."""
    found = next((one for one in analysis["stimulus"] if one["feature"] == "marked"), None)
    if found is None or found["auc"] is None:
        return "How much the marks alone give away was not measured."
    more = found["auc"] >= 0.5
    auc = found["auc"] if more else 1 - found["auc"]
    low, high = found["interval"] if more else [1 - found["interval"][1], 1 - found["interval"][0]]
    return (
        f"The number of marked tokens alone tells the arms apart with AUC {auc:.2f} "
        f"({low:.2f} to {high:.2f}); 0.5 would give nothing away."
    )


def wire_alone(analysis: dict[str, Any]) -> str:
    """And how well everything else that was sent tells them apart: what the audit before the seal found."""
    found = analysis["transport"]
    if found is None:
        return "No leak audit was run before the seal."
    start = f"Before the seal an audit read {found['responses']:,} responses"
    if found["leaks"] or found["changed_by_swap"] or found["names_spoken"]:
        return f"{start} and found a leak: see transport in analysis.json."
    if found["auc"] is None:
        return f"{start}: none changed with the arms or named them. There were too few items for its attackers."
    return (
        f"{start}: beside words and marks nothing told the arms apart "
        f"(attackers' AUC {found['auc']:.2f}; {found['detectable']:.2f} would have shown as a leak)."
    )


def for_whom(analysis: dict[str, Any]) -> str:
    """How far the claim reaches: these evaluators."""
    count = analysis["evaluators"]
    return "for this one evaluator" if count == 1 else f"for these {count} evaluators"


def notes(analysis: dict[str, Any], frame: AnalysisFrame) -> list[str]:
    """What this report cannot say, one sentence each."""
    said = [
        f"The arm {arm} has no judged neuron, so it has no fraction."
        for arm, one in analysis["arms"].items()
        if one["fraction"] is None
    ]
    said += [
        f"Every judgment of the arm {arm} is the same; its interval is Wilson's on its {one['n']:g} neurons."
        for arm, one in analysis["arms"].items()
        if one["fraction"] in (0.0, 1.0)
    ]
    if analysis["difference"]["estimate"] is None:
        said.append(f"{frame.treatment} and {frame.reference} were not both judged in any stratum: no difference.")
    elif analysis["ratio"]["estimate"] is None:
        said.append(f"No neuron of {frame.reference} was marked INTERPRETABLE, so there is no ratio.")
    elif analysis["ratio"]["interval"] is None:
        said.append(f"The ratio has no upper limit: resampled fractions of {frame.reference} reach zero.")
    if analysis["evaluators"] == 1:
        said.append("There is one evaluator: nothing can be said about agreement or about other evaluators.")
    return said


def _difference(difference: dict[str, Any]) -> str:
    if difference["estimate"] is None:
        return "The arms cannot be compared."
    certain = difference["interval"][0] > 0 or difference["interval"][1] < 0
    verdict = "the interval leaves out zero" if certain else "the interval includes zero"
    return (
        f"{difference['treatment']} less {difference['reference']}: {points(difference['estimate'])} percentage points "
        f"(95 % interval {points_range(difference['interval'])}); {verdict}."
    )


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
