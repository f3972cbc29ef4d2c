"""Figure A: the fraction by stratum and arm, with the paper's fractions beside ours as hollow marks."""

from collections.abc import Collection, Sequence

from app.report.analysis.analysis import Analysis
from app.report.analysis.primary import ArmResult, CellResult
from app.report.charts.arm_styles import arm_style
from app.report.charts.chart import LETTER, WIDTH, Chart, Scale, draw_percent_axis, draw_upright_interval
from app.report.charts.short_names import short_names
from app.report.charts.svg_image import SvgImage
from app.report.number_text import percent, percent_range

PAPER_FRACTIONS_BY_SIZE = {
    "1 to 40 layers": {"baseline": 0.35, "solu": 0.60},
    "64 layers": {"baseline": 0.33, "solu": 0.42},
}
"""{model sizes: {arm: fraction}} in Elhage et al. 2022, section 6; the paper gives no intervals."""

TOP, BOTTOM, LEFT = 24.0, 300.0, 56.0
LEGEND_Y, LEGEND_LINE = 360.0, 20.0
SHORTEST_LABEL = 6
HOLLOW = "hollow: reported in the paper, without intervals"
MOST_ARMS_WITH_WIDE_GAPS = 2
"""With more arms in a stratum, the gaps between them are narrow."""


def fractions_chart(analysis: Analysis) -> Chart | None:
    """Figure A; None if nobody judged anything."""
    cells = [cell for cell in analysis.cells if cell.fraction is not None]
    if not cells:
        return None
    sentence = "; ".join(_arm_summary(arm, analysis.arms[arm]) for arm in analysis.arm_order) + "."
    return Chart(
        name="fractions",
        title="Figure A. Fraction by size and arm",
        summary_sentence=sentence,
        svg=_draw_fractions(analysis, cells, sentence),
        columns=("Arm", "Stratum", analysis.units.say("Neurons"), "Judgments", "Fraction", "95 % interval"),
        rows=tuple(_table_row(cell) for cell in cells),
        row_paths=tuple(f"cells.{analysis.cells.index(cell)}" for cell in cells),
    )


def fractions_in_paper(round_arms: Collection[str]) -> dict[str, dict[str, float]]:
    """{model sizes: {arm: fraction}} in the paper, for arms of this round; sizes without such an arm are left out."""
    by_model_sizes = {
        model_sizes: {arm: fraction for arm, fraction in fractions.items() if arm in round_arms}
        for model_sizes, fractions in PAPER_FRACTIONS_BY_SIZE.items()
    }
    return {model_sizes: fractions for model_sizes, fractions in by_model_sizes.items() if fractions}


def judged_strata(analysis: Analysis) -> list[str]:
    """The strata in which an arm has a result, in order of size."""
    judged = {cell.stratum for cell in analysis.cells}
    return [stratum for stratum in analysis.stratum_order if stratum in judged]


def stratum_label(stratum: str) -> str:
    """The words for a stratum: “1 layer” for 1L/0, and “1 layer, run 1” for 1L/1."""
    size, _, replicate = stratum.partition("/")
    if not size[:-1].isdigit() or not size.endswith("L"):
        return stratum
    label = f"{size[:-1]} layer{'' if size == '1L' else 's'}"
    return label if replicate in ("", "0") else f"{label}, run {replicate}"


def _draw_fractions(analysis: Analysis, cells: Sequence[CellResult], sentence: str) -> str:
    reported = fractions_in_paper(analysis.arm_order)
    legend = _legend_places(analysis.arm_order, hollow=bool(reported))
    height = legend[-1][1] + 12
    title = f"{analysis.units.say('Fraction of neurons')} {analysis.words.participle}"
    image = SvgImage("fractions", WIDTH, height, title, sentence)
    scale = Scale(0, 1, BOTTOM, TOP)
    draw_percent_axis(image, scale, LEFT, WIDTH - 8)
    strata = judged_strata(analysis)
    width = (WIDTH - 8 - LEFT) / (len(strata) + len(reported))
    labels = short_names([stratum_label(stratum) for stratum in strata], max(SHORTEST_LABEL, int(width / LETTER)))
    for index, stratum in enumerate(strata):
        centre = LEFT + width * (index + 0.5)
        group = [cell for cell in cells if cell.stratum == stratum]
        _draw_stratum(image, scale, centre, group, analysis.arm_order)
        image.text(centre, BOTTOM + 20, labels[index], "label", "middle")
    _draw_fractions_in_paper(image, scale, LEFT + width * len(strata), width, analysis.arm_order)
    _draw_legend(image, analysis.arm_order, legend)
    return image.render()


def _draw_stratum(
    image: SvgImage, scale: Scale, centre: float, cells: Sequence[CellResult], arm_order: Sequence[str]
) -> None:
    has_wide_gaps = len(cells) <= MOST_ARMS_WITH_WIDE_GAPS
    for index, cell in enumerate(cells):
        x = centre + (48 if has_wide_gaps else 28) * (index - (len(cells) - 1) / 2)
        style = arm_style(cell.arm, arm_order)
        draw_upright_interval(image, scale, x, cell.interval, style.css_class)
        if cell.fraction is not None:
            image.mark(x, scale(cell.fraction), style.shape, f"mark {style.css_class}")
        image.text(x, BOTTOM + 36, f"n={cell.n:g}" if has_wide_gaps else f"{cell.n:g}", "note", "middle")


def _draw_fractions_in_paper(
    image: SvgImage, scale: Scale, start: float, width: float, arm_order: Sequence[str]
) -> None:
    """Draw the paper's fractions as hollow marks, to the right of a divider."""
    reported = fractions_in_paper(arm_order)
    if not reported:
        return
    image.line(start, TOP, start, BOTTOM, "divider")
    for index, (model_sizes, fractions) in enumerate(reported.items()):
        centre = start + width * (index + 0.5)
        for arm, fraction in fractions.items():
            style = arm_style(arm, arm_order)
            image.mark(centre, scale(fraction), style.shape, f"mark hollow {style.css_class}")
            image.text(centre + 12, scale(fraction) + 4, f"{100 * fraction:.0f} %", "note")
        image.text(centre, BOTTOM + 20, model_sizes, "label", "middle")
        image.text(centre, BOTTOM + 36, "reported", "note", "middle")


def _legend_places(arm_order: Sequence[str], *, hollow: bool) -> list[tuple[float, float]]:
    """Where the legend's entries begin, from left to right in as many lines as they need; the last is HOLLOW's."""
    places: list[tuple[float, float]] = []
    x, y = LEFT, LEGEND_Y
    for entry in [*arm_order, *([HOLLOW] if hollow else [])]:
        width = 40 + LETTER * len(entry)
        if places and x + width > WIDTH:
            x, y = LEFT, y + LEGEND_LINE
        places.append((x, y))
        x += width
    return places


def _draw_legend(image: SvgImage, arm_order: Sequence[str], places: Sequence[tuple[float, float]]) -> None:
    for arm, (x, y) in zip(arm_order, places, strict=False):
        style = arm_style(arm, arm_order)
        image.mark(x + 6, y, style.shape, f"mark {style.css_class}")
        image.text(x + 18, y + 4, arm, "label")
    if len(places) > len(arm_order):
        image.text(WIDTH - 8, places[-1][1] + 4, HOLLOW, "note", "end")


def _arm_summary(arm: str, arm_result: ArmResult) -> str:
    if arm_result.fraction is None:
        return f"{arm}: nobody judged it"
    return f"{arm} {percent(arm_result.fraction)} ({percent_range(arm_result.interval)})"


def _table_row(cell_result: CellResult) -> tuple[str, ...]:
    return (
        cell_result.arm,
        stratum_label(cell_result.stratum),
        f"{cell_result.n:g}",
        f"{cell_result.judgments:g}",
        percent(cell_result.fraction),
        percent_range(cell_result.interval),
    )
