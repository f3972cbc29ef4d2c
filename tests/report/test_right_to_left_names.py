"""An arm with a Hebrew name, as page, figure and PDF show it: no number is drawn inside the name."""

from app.report.analysis.analysis import Analysis, analyse
from app.report.analysis.frame import AnalysisFrame
from app.report.charts.all_charts import draw_charts
from app.report.export.pdf import typst_document
from app.web.templating import page_templates
from tests.report.simulated_round import frame_for, simulate_observations

ARMS = ("בסיס", "<b> של")
SHOWN = "\u2068של\u2069"


def analysis_of_hebrew_arms() -> tuple[AnalysisFrame, Analysis]:
    observations = simulate_observations(true_fractions=dict(zip(ARMS, (0.3, 0.6), strict=True)), shown=6)
    frame = frame_for(observations, reference=ARMS[0], treatment=ARMS[1])
    return frame, analyse(observations, frame)


def test_names_are_isolated_where_they_are_shown_and_nowhere_else() -> None:
    frame, analysis = analysis_of_hebrew_arms()
    assert "\u2068" not in str(analysis.content())
    assert f"{SHOWN} " in draw_charts(analysis)["fractions"].svg
    assert f"{SHOWN} " in typst_document("A round", "ab" * 32, analysis, frame, ())


def test_a_page_isolates_names_in_elements_and_escapes_everything_else() -> None:
    _, analysis = analysis_of_hebrew_arms()
    template = page_templates().env.from_string("{{ sentence | isolated }}")
    sentence = draw_charts(analysis)["fractions"].summary_sentence
    assert "&lt;b&gt; <bdi>של</bdi> " in template.render(sentence=sentence)
    assert template.render(sentence="a\u2068b") == "a&lt;U+2068&gt;b"
