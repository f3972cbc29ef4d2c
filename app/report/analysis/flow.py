"""The flow of neurons from frame to analysis for each arm, as in the CONSORT diagram."""

from dataclasses import dataclass

from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.verdict_table import VerdictTable


@dataclass(frozen=True)
class ArmFlow:
    """How many neurons of one arm reached each step from frame to analysis."""

    arm: str
    eligible: int
    excluded: int
    suppressed: int
    """Windows left out as near-duplicates."""
    drawn: int
    dead: int
    shown: int
    judged: int
    analysed: int
    """Neurons that were judged or are dead."""
    judgments: int
    cannot_judge: int
    missing_judgments: int


def flow_by_arm(verdicts: VerdictTable, frame: AnalysisFrame) -> tuple[ArmFlow, ...]:
    """How many neurons of each arm reached each step from frame to analysis."""
    return tuple(_arm_flow(verdicts.select(arm), frame, arm) for arm in frame.arms)


def planned_judgments_per_item(verdicts: VerdictTable, frame: AnalysisFrame) -> int:
    """How many judgments each item should have."""
    return frame.planned or len(verdicts.evaluator_names)


def _arm_flow(verdicts: VerdictTable, frame: AnalysisFrame, arm: str) -> ArmFlow:
    cells = [cell for cell in frame.cells if cell.arm == arm]
    shown, dead = sum(cell.shown for cell in cells), sum(cell.dead for cell in cells)
    planned = shown * planned_judgments_per_item(verdicts, frame)
    return ArmFlow(
        arm=arm,
        eligible=sum(cell.eligible for cell in cells),
        excluded=sum(cell.excluded for cell in cells),
        suppressed=sum(cell.suppressed for cell in cells),
        drawn=sum(cell.drawn for cell in cells),
        dead=dead,
        shown=shown,
        judged=verdicts.item_count,
        analysed=verdicts.item_count + dead,
        judgments=verdicts.judgment_count,
        cannot_judge=int(verdicts.cannot_judge.sum()),
        missing_judgments=max(0, planned - verdicts.judgment_count),
    )
