"""The power page: the command line's numbers in the browser, and a sentence for a plan that cannot be."""

import re

import pytest

from app.statistics.power import StudyPlan, neurons_needed, plan_power
from tests.admin.admin_site import Browser


def test_the_page_first_answers_the_papers_own_question(dag: Browser) -> None:
    dag.get("/admin/power")
    expected = plan_power(StudyPlan(0.60, 0.35, 60, 3))
    assert f"{100 * expected.power:.0f}" in dag.text
    assert f"needs {neurons_needed(StudyPlan(0.60, 0.35, 60, 3))} units per arm" in dag.text
    assert "360 judgments" in dag.text


def test_what_was_typed_stays_in_the_form(dag: Browser) -> None:
    dag.get("/admin/power?treatment=0.5&reference=0.3&neurons=200&evaluators=4&overlap=2&correlation=0.4&spread=0.3")
    for value in ("0.5", "0.3", "200", "4", "2", "0.4"):
        assert f'value="{value}"' in dag.text
    assert "plan more evaluators" in dag.text


def test_power_grows_along_the_grid(dag: Browser) -> None:
    dag.get("/admin/power?spread=0.1")
    rows = dag.text.split("<tbody>")[1].split("</tr>")[:-1]
    assert len(rows) == 6
    for row in rows:
        first, *powers = re.findall(r'class="number">([^<]*)<', row)
        assert first == "", "one evaluator has no spread"
        reached = [int(text.split("\N{NO-BREAK SPACE}")[0]) for text in powers]
        assert reached == sorted(reached)


@pytest.mark.parametrize(
    "query",
    ["treatment=0.6&reference=1", "neurons=1", "spread=0.1&evaluators=1", "overlap=0", "treatment=nan", "spread=1e999"],
)
def test_an_impossible_plan_is_refused_with_a_sentence(dag: Browser, query: str) -> None:
    assert dag.get(f"/admin/power?{query}").status_code == 422
    assert "Traceback" not in dag.text
    assert "between 0 and 1" in dag.text or "at least" in dag.text


@pytest.mark.parametrize("query", ["neurons=many", "overlap=-3", "neurons=" + "9" * 400])
def test_a_text_that_is_no_number_is_refused(dag: Browser, query: str) -> None:
    assert dag.get(f"/admin/power?{query}").status_code == 422
