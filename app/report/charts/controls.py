"""The chart of controls: how often answers on items of known purity count."""

from collections.abc import Sequence

from app.report.analysis.analysis import Analysis
from app.report.analysis.controls import LadderStep
from app.report.charts.chart import WIDTH, Chart, Scale, draw_percent_axis, draw_upright_interval
from app.report.charts.svg_image import SvgImage
from app.report.number_text import percent, percent_range
from app.rounds.unit_words import UnitWords

TOP, BOTTOM, LEFT = 20.0, 220.0, 56.0


def controls_chart(analysis: Analysis) -> Chart | None:
    """The acceptance curve along the purity ladder; None without a ladder."""
    steps = [step for step in analysis.controls.ladder if step.fraction is not None]
    if not steps:
        return None
    sentence = (
        f"At purity {percent(steps[0].purity)}, {percent(steps[0].fraction)} of the items were "
        f"{analysis.words.participle}; at {percent(steps[-1].purity)}, {percent(steps[-1].fraction)}."
    )
    return Chart(
        name="controls",
        title="Controls of known truth",
        summary_sentence=sentence,
        svg=_draw_curve(steps, sentence, analysis.units),
        columns=("Purity", "Judgments", analysis.words.column_heading, "95 % interval"),
        rows=tuple(_table_row(step) for step in steps),
        row_paths=tuple(f"controls.ladder.{index}" for index in range(len(steps))),
    )


def _draw_curve(steps: Sequence[LadderStep], sentence: str, unit_words: UnitWords) -> str:
    image = SvgImage("controls", WIDTH, 280, "Acceptance along the purity ladder", sentence)
    across, upward = Scale(0.4, 1.0, LEFT, WIDTH - 60), Scale(0, 1, BOTTOM, TOP)
    draw_percent_axis(image, upward, LEFT, WIDTH - 8)
    curve = [(across(step.purity), upward(step.fraction)) for step in steps if step.fraction is not None]
    image.path(curve, "trace")
    for step, (x, y) in zip(steps, curve, strict=True):
        draw_upright_interval(image, upward, x, step.interval)
        image.mark(x, y, "circle", "mark")
        image.text(x, BOTTOM + 20, f"{100 * step.purity:.0f} %", "tick", "middle")
    image.text(WIDTH / 2, BOTTOM + 44, unit_words.say("share of snippets from one neuron"), "label", "middle")
    return image.render()


def _table_row(ladder_step: LadderStep) -> tuple[str, ...]:
    fraction = percent(ladder_step.fraction)
    return f"{ladder_step.purity:.0%}", str(ladder_step.judgments), fraction, percent_range(ladder_step.interval)
