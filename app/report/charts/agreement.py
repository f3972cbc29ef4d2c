"""Charts of agreement: the coefficients, and each pair of evaluators."""

from collections.abc import Sequence

from app.report.analysis.agreement import PairAgreement
from app.report.analysis.analysis import Analysis
from app.report.charts.chart import WIDTH, Chart
from app.report.charts.dotplot import COEFFICIENT_AXIS, draw_dotplot, lines_if_estimated
from app.report.charts.short_names import short_names
from app.report.charts.svg_image import SvgImage
from app.report.number_text import percent

SQUARE = 54.0
LEFT, TOP = 160.0, 30.0
LONGEST_ROW_NAME, LONGEST_COLUMN_NAME = 21, 7
MOST_HEAT_MAP_EVALUATORS = 10
"""With more evaluators there is no heat map."""
STRONGEST_SHADE = 4
EN_DASH = "\N{EN DASH}"


def agreement_chart(analysis: Analysis) -> Chart | None:
    """The three coefficients between evaluators, within each arm, and of evaluators with themselves."""
    agreement = analysis.agreement
    groups = [("between evaluators", agreement.between, "agreement.between")]
    groups += [
        (f"within {arm}", agreement.within_arm[arm], f"agreement.within_arm.{arm}") for arm in analysis.arm_order
    ]
    groups.append(("with oneself (repeats)", agreement.within_evaluator, "agreement.within_evaluator"))
    lines = []
    for label, result, path in groups:
        lines += lines_if_estimated(f"{label}: percent", result.percent, f"{path}.percent")
        lines += lines_if_estimated(f"{label}: AC1", result.ac1, f"{path}.ac1", strong=True)
        lines += lines_if_estimated(f"{label}: alpha", result.alpha, f"{path}.alpha")
    return draw_dotplot("agreement", "Agreement", _agreement_sentence(analysis), lines, COEFFICIENT_AXIS)


def pairs_chart(analysis: Analysis) -> Chart | None:
    """Pairwise percent agreement as a heat map, each evaluator's own fraction on the diagonal."""
    pairs, leniency = analysis.agreement.pairs, analysis.agreement.leniency
    shares = [pair.percent for pair in pairs if pair.percent is not None]
    if not shares or len(leniency) > MOST_HEAT_MAP_EVALUATORS:
        return None
    sentence = (
        f"Pairs of evaluators agree in {percent(min(shares))} to {percent(max(shares))} "
        f"{analysis.units.say('of the neurons both judged.')}"
    )
    names = [evaluator.evaluator for evaluator in leniency]
    image = SvgImage("pairs", WIDTH, 40 + SQUARE * len(names), "Agreement by pair of evaluators", sentence)
    row_names, column_names = short_names(names, LONGEST_ROW_NAME), short_names(names, LONGEST_COLUMN_NAME)
    for index, evaluator in enumerate(leniency):
        image.text(150, TOP + SQUARE * (index + 0.5) + 4, row_names[index], "label", "end")
        image.text(LEFT + SQUARE * (index + 0.5), 20, column_names[index], "tick", "middle")
        _draw_heat_map_square(image, index, index, "heat-own", f"{100 * (evaluator.fraction or 0):.0f}")
    for pair in pairs:
        _draw_pair(image, names, pair)
    image.text(WIDTH - 8, 34 + SQUARE * len(names), f"diagonal: own % {analysis.words.name}", "note", "end")
    return Chart(
        name="pairs",
        title="Agreement by pair",
        summary_sentence=sentence,
        svg=image.render(),
        columns=("First", "Second", analysis.units.say("Neurons"), "Percent agreement", "AC1"),
        rows=tuple(_table_row(pair) for pair in pairs),
        row_paths=tuple(f"agreement.pairs.{index}" for index in range(len(pairs))),
    )


def _agreement_sentence(analysis: Analysis) -> str:
    between = analysis.agreement.between
    if not between.units:
        return analysis.units.say("No neuron was judged by two evaluators.")
    alpha = f" and alpha {between.alpha.estimate:.2f}" if between.alpha.estimate is not None else ""
    share = percent(between.percent.estimate or 0)
    return analysis.units.say(
        f"Over {between.units} neurons judged by several, pairs of verdicts agree in {share}{alpha}."
    )


def _draw_pair(image: SvgImage, names: Sequence[str], pair: PairAgreement) -> None:
    row, column = names.index(pair.second), names.index(pair.first)
    if pair.percent is None:
        _draw_heat_map_square(image, row, column, "heat-none", EN_DASH)
        return
    shade = min(STRONGEST_SHADE, int(max(0, pair.percent - 0.5) * 10))
    _draw_heat_map_square(image, row, column, f"heat-{shade}", f"{100 * pair.percent:.0f}")


def _draw_heat_map_square(image: SvgImage, row: int, column: int, css_class: str, text: str) -> None:
    x, y = LEFT + SQUARE * column, TOP + SQUARE * row
    image.box(x, y, SQUARE - 2, SQUARE - 2, f"heat {css_class}")
    image.text(x + SQUARE / 2 - 1, y + SQUARE / 2 + 4, text, "value", "middle")


def _table_row(pair: PairAgreement) -> tuple[str, ...]:
    share = "no overlap" if pair.percent is None else percent(pair.percent)
    coefficient = "no overlap" if pair.ac1 is None else f"{pair.ac1:.2f}"
    return pair.first, pair.second, str(pair.items), share, coefficient
