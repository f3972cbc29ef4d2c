"""Names in figures, which are short and still tell people and arms apart."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from app.report.analysis.analysis import analyse
from app.report.charts.all_charts import draw_charts
from app.report.charts.chart import LETTER, WIDTH
from app.report.charts.short_names import short_names
from tests.report.simulated_round import frame_for, simulate_observations

TWINS = ("Evaluator of the laboratory in the first house A", "Evaluator of the laboratory in the first house B")
ARMS = (
    "a baseline of sixty characters, as long as a name may be, A.",
    "a baseline of sixty characters, as long as a name may be, B.",
)


def test_a_name_that_fits_stands_whole() -> None:
    assert short_names(["Ada", "x" * 20], 20) == ["Ada", "x" * 20]


def test_a_longer_name_has_an_ellipsis_in_its_middle() -> None:
    assert short_names(["Evaluator of the lab A"], 12) == ["Evalua…lab A"]


def test_names_that_differ_only_where_the_ellipsis_stands_show_the_difference() -> None:
    readers = ["a reader of the first lab of Lyon", "a reader of the other lab of Lyon", "Ada"]
    assert short_names(readers, 17) == ["a rea…first lab o", "a rea…other lab o", "Ada"]
    labs = ["Evaluator of the lab 1 of Lyon", "Evaluator of the lab 2 of Lyon"]
    assert short_names(labs, 14) == ["Eval…1 of Lyon", "Eval…2 of Lyon"]


@given(st.lists(st.text("ab", min_size=1, max_size=60), unique=True, max_size=10), st.integers(7, 32))
def test_different_names_stay_different_and_short(names: list[str], longest: int) -> None:
    shown = short_names(names, longest)
    assert len(set(shown)) == len(names)
    assert all(len(name) <= longest for name in shown)


def test_tables_have_names_whole_and_figures_tell_them_apart() -> None:
    observations = simulate_observations(evaluators=TWINS, shown=12)
    charts = draw_charts(analyse(observations, frame_for(observations)))
    for name in ("evaluators", "time", "pairs"):
        cells = {cell for row in charts[name].rows for cell in row}
        labels = [element.text or "" for element in ET.fromstring(charts[name].svg) if element.tag.endswith("text")]
        assert all(any(cell.startswith(twin) for cell in cells) for twin in TWINS), name
        assert all(any(label.partition(" (")[0].endswith(twin[-4:]) for label in labels) for twin in TWINS), name


def test_the_legend_of_the_fractions_has_long_arms_whole_and_within_the_image() -> None:
    observations = simulate_observations(true_fractions=dict(zip(ARMS, (0.3, 0.6), strict=True)), shown=6)
    frame = frame_for(observations, reference=ARMS[0], treatment=ARMS[1])
    image = ET.fromstring(draw_charts(analyse(observations, frame))["fractions"].svg)
    labels = {element.text: element for element in image if element.tag.endswith("text")}
    for arm in ARMS:
        assert float(labels[arm].attrib["x"]) + LETTER * len(arm) <= WIDTH
        assert float(labels[arm].attrib["y"]) <= float(image.attrib["viewBox"].split()[-1])
    assert labels[ARMS[0]].attrib["y"] != labels[ARMS[1]].attrib["y"]
