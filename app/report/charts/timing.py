"""Charts of time: how long judgments took, and whether verdicts drift in the course of an evaluator's order."""

from collections.abc import Sequence

from app.report.analysis.analysis import Analysis
from app.report.analysis.timing import DriftResults, OrderFifth
from app.report.charts.chart import WIDTH, Chart, ChartLine, Scale, draw_percent_axis
from app.report.charts.dotplot import SECONDS_AXIS, draw_dotplot
from app.report.charts.svg_image import SvgImage
from app.report.number_text import percent, points, seconds_text

TOP, BOTTOM, LEFT = 20.0, 220.0, 56.0


def drift_chart(analysis: Analysis) -> Chart | None:
    """The fraction that counts, by fifth of each evaluator's own order; None unless two fifths were judged."""
    fifths = [fifth for fifth in analysis.drift.fifths if fifth.fraction is not None]
    if len(fifths) < 2:
        return None
    name = analysis.words.name
    sentence = _drift_sentence(analysis.drift, name)
    return Chart(
        name="drift",
        title="Drift over the order",
        summary_sentence=sentence,
        svg=_draw_drift(fifths, sentence, name),
        columns=("Fifth of the order", "Judgments", analysis.words.column_heading, "Median time"),
        rows=tuple(
            (str(fifth.fifth), str(fifth.judgments), percent(fifth.fraction), _seconds(fifth)) for fifth in fifths
        ),
        row_paths=tuple(f"drift.fifths.{fifth.fifth - 1}" for fifth in fifths),
    )


def time_chart(analysis: Analysis) -> Chart | None:
    """Active seconds per judgment: medians with quartiles, by arm and by evaluator; None if nobody judged."""
    times = analysis.time
    if times.all.median is None:
        return None
    sentence = (
        f"The median of the active time until the verdict is {seconds_text(times.all.median)}; "
        f"{percent(times.all.under_a_minute)} of the judgments took under a minute."
    )
    groups = [("everyone", times.all, "time.all")]
    groups += [(arm, times.by_arm[arm], f"time.by_arm.{arm}") for arm in analysis.arm_order]
    groups += [
        (evaluator.evaluator, evaluator, f"time.by_evaluator.{index}")
        for index, evaluator in enumerate(times.by_evaluator)
    ]
    lines = [
        ChartLine(label, time.median, time.quartiles, path, strong=label == "everyone")
        for label, time, path in groups
        if time.median is not None
    ]
    return draw_dotplot("time", "Time per judgment", sentence, lines, SECONDS_AXIS)


def _drift_sentence(drift: DriftResults, name: str) -> str:
    """How the fraction changes; `name` is what figures call what counts."""
    slope = "an unknown amount"
    if drift.per_100_items is not None:
        slope = f"{points(drift.per_100_items)} percentage points per 100 items"
    test = f" (p = {drift.p:.2g})" if drift.p is not None else ""
    return f"The fraction {name} changes by {slope}{test}."


def _draw_drift(fifths: Sequence[OrderFifth], sentence: str, name: str) -> str:
    image = SvgImage("drift", WIDTH, 270, f"Fraction {name} along the order", sentence)
    across, upward = Scale(1, 5, LEFT + 40, WIDTH - 60), Scale(0, 1, BOTTOM, TOP)
    draw_percent_axis(image, upward, LEFT, WIDTH - 8)
    curve = [(across(fifth.fifth), upward(fifth.fraction)) for fifth in fifths if fifth.fraction is not None]
    image.path(curve, "trace")
    for fifth, (x, y) in zip(fifths, curve, strict=True):
        image.mark(x, y, "circle", "mark")
        image.text(x, BOTTOM + 20, f"fifth {fifth.fifth}", "tick", "middle")
        image.text(x, BOTTOM + 38, _seconds(fifth), "note", "middle")
    return image.render()


def _seconds(fifth: OrderFifth) -> str:
    return "none" if fifth.median_seconds is None else seconds_text(fifth.median_seconds)
