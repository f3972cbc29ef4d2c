"""Charts of how good the measurement was: agreement, pairs, controls, drift, time."""

from typing import Any

from app.report.charts.chart import WIDTH, Chart, Line, Scale, interval_mark, percent_axis
from app.report.charts.dotplot import COEFFICIENT, SECONDS, dotplot
from app.report.charts.svg import Drawing
from app.report.number_text import percent, percent_range, points

COEFFICIENTS = (("percent", "percent"), ("ac1", "AC1"), ("alpha", "alpha"))
TOP, BOTTOM, LEFT = 20.0, 220.0, 56.0
CELL = 54.0
MOST_IN_HEATMAP = 10


def agreement_chart(analysis: dict[str, Any]) -> Chart | None:
    """The three coefficients between evaluators, within each arm, and of evaluators with themselves."""
    found = analysis["agreement"]
    groups = [("between evaluators", found["between"], "agreement.between")]
    groups += [
        (f"within {arm}", found["within_arm"][arm], f"agreement.within_arm.{arm}") for arm in analysis["arm_order"]
    ]
    groups.append(("with oneself (repeats)", found["within_evaluator"], "agreement.within_evaluator"))
    lines = [
        Line(f"{label}: {name}", one[key]["estimate"], one[key]["interval"], f"{path}.{key}", strong=key == "ac1")
        for label, one, path in groups
        for key, name in COEFFICIENTS
        if one[key]["estimate"] is not None
    ]
    units = found["between"]["units"]
    alpha = found["between"]["alpha"]["estimate"]
    said = f" and alpha {alpha:.2f}" if alpha is not None else ""
    share = found["between"]["percent"]["estimate"]
    reading = f"Over {units} neurons judged by several, pairs of verdicts agree in {percent(share or 0)}{said}."
    if not units:
        reading = "No neuron was judged by two evaluators."
    return dotplot("agreement", "Agreement", reading, lines, COEFFICIENT)


def pairs_chart(analysis: dict[str, Any]) -> Chart | None:
    """Pairwise percent agreement as a heat map, each evaluator's own fraction on the diagonal."""
    pairs = analysis["agreement"]["pairs"]
    names = [one["evaluator"] for one in analysis["per_evaluator"]]
    if not pairs or len(names) > MOST_IN_HEATMAP:
        return None
    known = [one["percent"] for one in pairs if one["percent"] is not None]
    if not known:
        return None
    reading = f"Pairs of evaluators agree in {percent(min(known))} to {percent(max(known))} of the neurons both judged."
    drawing = Drawing("pairs", WIDTH, 40 + CELL * len(names), "Agreement by pair of evaluators", reading)
    for place, name in enumerate(names):
        y = 30 + CELL * place
        drawing.text(150, y + CELL / 2 + 4, name[:20], "label", "end")
        drawing.text(160 + CELL * place + CELL / 2, 20, name[:7], "tick", "middle")
        lenient = analysis["agreement"]["leniency"][place]["fraction"]
        _cell(drawing, place, place, "heat-own", f"{100 * (lenient or 0):.0f}")
    for one in pairs:
        row, column = names.index(one["second"]), names.index(one["first"])
        share = one["percent"]
        kind = "heat-none" if share is None else f"heat-{min(4, int(max(0, share - 0.5) * 10))}"
        _cell(drawing, row, column, kind, "–" if share is None else f"{100 * share:.0f}")  # noqa: RUF001 - a dash
    drawing.text(WIDTH - 8, 34 + CELL * len(names), "diagonal: own % INTERPRETABLE", "note", "end")
    rows = tuple(_pair_row(one) for one in pairs)
    keys = tuple(f"agreement.pairs.{place}" for place in range(len(pairs)))
    columns = ("First", "Second", "Neurons", "Percent agreement", "AC1")
    return Chart("pairs", "Agreement by pair", reading, drawing.render(), columns, rows, keys)


def controls_chart(analysis: dict[str, Any]) -> Chart | None:
    """The acceptance curve: how often items of known purity were marked INTERPRETABLE."""
    curve = [one for one in analysis["controls"]["ladder"] if one["fraction"] is not None]
    if not curve:
        return None
    first, last = curve[0], curve[-1]
    reading = (
        f"At purity {percent(first['purity'])} evaluators accept {percent(first['fraction'])}, "
        f"at {percent(last['purity'])} {percent(last['fraction'])}."
    )
    drawing = Drawing("controls", WIDTH, 280, "Acceptance along the purity ladder", reading)
    across, up = Scale(0.4, 1.0, LEFT, WIDTH - 60), Scale(0, 1, BOTTOM, TOP)
    percent_axis(drawing, up, LEFT, WIDTH - 8)
    drawing.path([(across(one["purity"]), up(one["fraction"])) for one in curve], "trace")
    for one in curve:
        x = across(one["purity"])
        interval_mark(drawing, x, (up(one["interval"][0]), up(one["interval"][1])), "")
        drawing.mark(x, up(one["fraction"]), "circle", "mark")
        drawing.text(x, BOTTOM + 20, f"{one['purity']:.0%}".replace("%", " %"), "tick", "middle")
    drawing.text(WIDTH / 2, BOTTOM + 44, "share of snippets from one neuron", "label", "middle")
    rows = tuple(_accepted_row(f"{one['purity']:.0%}", one) for one in curve)
    keys = tuple(f"controls.ladder.{place}" for place in range(len(curve)))
    columns = ("Purity", "Judgments", "Marked INTERPRETABLE", "95 % interval")
    return Chart("controls", "Controls of known truth", reading, drawing.render(), columns, rows, keys)


def drift_chart(analysis: dict[str, Any]) -> Chart | None:
    """Fraction INTERPRETABLE by fifth of each evaluator's own order."""
    fifths = [one for one in analysis["drift"]["fifths"] if one["fraction"] is not None]
    if len(fifths) < 2:
        return None
    slope, p = analysis["drift"]["per_100_items"], analysis["drift"]["p"]
    moved = f"{points(slope)} percentage points per 100 items" if slope is not None else "an unknown amount"
    reading = f"Along the order verdicts move by {moved}" + (f" (p = {p:.2g})." if p is not None else ".")
    drawing = Drawing("drift", WIDTH, 270, "Fraction INTERPRETABLE along the order", reading)
    across, up = Scale(1, 5, LEFT + 40, WIDTH - 60), Scale(0, 1, BOTTOM, TOP)
    percent_axis(drawing, up, LEFT, WIDTH - 8)
    drawing.path([(across(one["fifth"]), up(one["fraction"])) for one in fifths], "trace")
    for one in fifths:
        drawing.mark(across(one["fifth"]), up(one["fraction"]), "circle", "mark")
        drawing.text(across(one["fifth"]), BOTTOM + 20, f"fifth {one['fifth']}", "tick", "middle")
        drawing.text(across(one["fifth"]), BOTTOM + 38, f"{one['median_seconds']:.0f} s", "note", "middle")
    rows = tuple(
        (str(one["fifth"]), str(one["judgments"]), percent(one["fraction"]), f"{one['median_seconds']:.0f} s")
        for one in fifths
    )
    keys = tuple(f"drift.fifths.{one['fifth'] - 1}" for one in fifths)
    columns = ("Fifth of the order", "Judgments", "Marked INTERPRETABLE", "Median time")
    return Chart("drift", "Drift over the order", reading, drawing.render(), columns, rows, keys)


def time_chart(analysis: dict[str, Any]) -> Chart | None:
    """Active seconds per judgment: medians with quartiles, by arm and by evaluator."""
    found = analysis["time"]
    if found["all"]["median"] is None:
        return None
    under = found["all"]["under_a_minute"]
    reading = f"Half of the judgments took under {found['all']['median']:.0f} seconds; {percent(under)} under a minute."
    groups = [("everyone", found["all"], "time.all")]
    groups += [(arm, found["by_arm"][arm], f"time.by_arm.{arm}") for arm in analysis["arm_order"]]
    groups += [
        (one["evaluator"][:20], one, f"time.by_evaluator.{place}") for place, one in enumerate(found["by_evaluator"])
    ]
    lines = [
        Line(label, one["median"], one["quartiles"], key, strong=label == "everyone")
        for label, one, key in groups
        if one["median"] is not None
    ]
    return dotplot("time", "Time per judgment", reading, lines, SECONDS)


def _cell(drawing: Drawing, row: int, column: int, kind: str, words: str) -> None:
    x, y = 160 + CELL * column, 30 + CELL * row
    drawing.box(x, y, CELL - 2, CELL - 2, f"heat {kind}")
    drawing.text(x + CELL / 2 - 1, y + CELL / 2 + 4, words, "value", "middle")


def _pair_row(one: dict[str, Any]) -> tuple[str, ...]:
    share = "no overlap" if one["percent"] is None else percent(one["percent"])
    coefficient = "no overlap" if one["ac1"] is None else f"{one['ac1']:.2f}"
    return one["first"], one["second"], str(one["items"]), share, coefficient


def _accepted_row(label: str, one: dict[str, Any]) -> tuple[str, ...]:
    return label, str(one["judgments"]), percent(one["fraction"]), percent_range(one["interval"])
