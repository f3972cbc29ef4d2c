"""The flow diagram: from the frame to the analysis, one column per arm."""

from app.report.analysis.analysis import Analysis
from app.report.analysis.flow import ArmFlow
from app.report.charts.chart import LETTER, WIDTH, Chart
from app.report.charts.short_names import short_names
from app.report.charts.svg_image import SvgImage

BOX_HEIGHT, GAP = 40.0, 16.0
COLUMN_GAP = 20.0
COLUMNS = (
    "Arm",
    "in the frame",
    "drawn",
    "dead, count as {}",
    "shown",
    "judged by someone",
    "analysed",
    "not in the frame: too little to show, or seen before",
    "judgments",
    "cannot judge",
    "missing judgments",
)
BOXES = ("in the frame", "drawn", "dead, not shown", "shown", "judged by someone", "analysed")
"""The boxes of an arm, for the first counts of the table; their labels must fit into a narrow column."""
DEAD = BOXES.index("dead, not shown")
"""The box that is drawn beside the main flow."""


def flow_chart(analysis: Analysis) -> Chart | None:
    """The flow diagram; None for a round without arms."""
    arms = analysis.flow
    if not arms:
        return None
    sentence = "; ".join(f"{flow.arm}: {flow.drawn} drawn, {flow.analysed} analysed" for flow in arms) + "."
    height = 32 + len(BOXES) * (BOX_HEIGHT + GAP)
    title = analysis.units.say("Flow of neurons")
    image = SvgImage("flow", WIDTH, height, f"{title} from frame to analysis", sentence)
    width = (WIDTH - COLUMN_GAP * (len(arms) - 1)) / len(arms)
    labels = short_names([flow.arm for flow in arms], int(width / LETTER))
    for index, flow in enumerate(arms):
        _draw_column(image, index * (width + COLUMN_GAP), width, labels[index], flow)
    rows = tuple((flow.arm, *(f"{count:,}" for count in _counts(flow))) for flow in arms)
    columns = tuple(column.format(analysis.words.opposite) for column in COLUMNS)
    row_paths = tuple(f"flow.{index}" for index in range(len(arms)))
    return Chart("flow", title, sentence, image.render(), columns, rows, row_paths)


def _counts(flow: ArmFlow) -> tuple[int, ...]:
    """The counts of an arm, one for each column after the arm's name."""
    boxes = (flow.eligible, flow.drawn, flow.dead, flow.shown, flow.judged, flow.analysed)
    return (*boxes, flow.excluded, flow.judgments, flow.cannot_judge, flow.missing_judgments)


def _draw_column(image: SvgImage, x: float, width: float, label: str, flow: ArmFlow) -> None:
    image.text(x + width / 2, 18, label, "label strong", "middle")
    for index, (box, count) in enumerate(zip(BOXES, _counts(flow), strict=False)):
        y = 30 + index * (BOX_HEIGHT + GAP)
        indent = 24.0 if index == DEAD else 0.0
        image.box(x + indent, y, width - indent, BOX_HEIGHT, "flow-side" if indent else "flow-box")
        image.text(x + indent + 12, y + 25, f"{count:,}", "label strong")
        image.text(x + width - 12, y + 25, box, "label", "end")
        if index:
            image.line(x + 12, y - GAP, x + 12, y + (BOX_HEIGHT / 2 if indent else 0), "arrow")
        if indent:
            image.line(x + 12, y + BOX_HEIGHT / 2, x + indent, y + BOX_HEIGHT / 2, "arrow")
            image.line(x + 12, y + BOX_HEIGHT / 2, x + 12, y + BOX_HEIGHT, "arrow")
