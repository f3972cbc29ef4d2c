"""Nothing outside a task's room speaks its words: what a task says, stages read from its `Task` or from the design."""

import re
from pathlib import Path

from app.tasks.registry import DEFAULT_TASK, task_named

ROOT = Path(__file__).resolve().parents[2]
ROOM = ("app/tasks/first_glance/", "templates/tasks/first_glance.html")
ANSWERS = "|".join(choice.value for choice in task_named(DEFAULT_TASK).rubric.choices)
RELEASED = {
    "app/report/analysis/released_names.py": "the keys of analyses that were made while there was one task",
    "app/rounds/plan_of_designs_2.py": "sentences of designs that were committed to while there was one task",
    "app/report/export/verify_standalone.py": "what counts in those designs, for a script that stands alone",
    "app/tasks/registry.py": "the list of tasks",
}
"""{file: why it may speak a task's words}"""


def words_of_first_glance(text: str) -> list[str]:
    """The answers of first glance and the name of its room in a text; files and headers are named after the product."""
    return re.findall(rf"\b(?:{ANSWERS})\b|first_glance", text, re.IGNORECASE)


def test_no_stage_speaks_the_words_of_a_task() -> None:
    files = [path for folder in ("app", "templates", "static") for path in (ROOT / folder).rglob("*.*")]
    sources = [path for path in files if path.suffix in (".py", ".html", ".js", ".css")]
    speaking = {
        path.relative_to(ROOT).as_posix() for path in sources if words_of_first_glance(path.read_text(encoding="utf-8"))
    }
    assert {name for name in speaking if not name.startswith(ROOM)} == set(RELEASED)


def test_the_words_are_really_found() -> None:
    assert words_of_first_glance('verdict == "not_interpretable"') == ["not_interpretable"]
    assert words_of_first_glance("marked INTERPRETABLE") == ["INTERPRETABLE"]
