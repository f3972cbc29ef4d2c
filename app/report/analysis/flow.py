"""The flow of neurons from frame to analysis, per arm: what CONSORT's diagram shows."""

from typing import Any

import numpy as np

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.verdict_table import VerdictTable


def flow(table: VerdictTable, frame: AnalysisFrame) -> list[dict[str, Any]]:
    """Per arm: eligible, excluded, drawn, dead, shown, judged, analysed, judgments and judgments not given."""
    return [_arm(table.of(arm), frame, arm) for arm in frame.arms]


def planned_judgments(table: VerdictTable, frame: AnalysisFrame) -> int:
    """Judgments planned for each item."""
    return frame.planned or len(table.evaluators)


def _arm(table: VerdictTable, frame: AnalysisFrame, arm: str) -> dict[str, Any]:
    mine = [one for one in frame.cells if one.arm == arm]
    counts = {
        name: sum(getattr(one, name) for one in mine)
        for name in ("eligible", "excluded", "suppressed", "drawn", "dead", "shown")
    }
    judged = int(np.unique(table.item).size)
    planned = counts["shown"] * planned_judgments(table, frame)
    return (
        {"arm": arm}
        | counts
        | {
            "judged": judged,
            "analysed": judged + counts["dead"],
            "judgments": table.rows,
            "cannot_judge": int(table.cannot.sum()),
            "missing_judgments": max(0, planned - table.rows),
        }
    )
