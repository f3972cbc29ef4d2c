"""The words of our own pages: they are there whatever the arms are called, so they name no arm."""

import re

from app.foundation.paths import resource_folder
from app.tasks.registry import all_tasks
from app.tasks.rubric import CANNOT_JUDGE
from app.web.language import LANGUAGES

TEMPLATES = ("*.html", "evaluator/*.html", "tasks/*.html", "languages/*/LC_MESSAGES/*.po")
"""The templates of evaluators' pages, and their texts in every language."""
PASSAGE_MARKUP = (
    '<ol class="passages" role="list"><li class="passage" data-passage="1" id="p1" tabindex="-1"><h2><h3><span>'
    '<details><summary><pre dir="auto" lang="" translate="no"><mark data-level="1" data-peak data-blank="">'
)
"""The markup of passages, which no template has."""

FILLED_IN = ("static", "probe", "unknown", CANNOT_JUDGE)
"""What code fills into templates: a folder, the label of the audit's visitors, and answers that are no task's own."""


def own_text() -> str:
    """The text of everything that pages have in any round, with 0 for each value that is filled in."""
    folder = resource_folder("templates")
    files = [path for pattern in TEMPLATES for path in sorted(folder.glob(pattern))]
    files += [task.template_folder / task.template for task in all_tasks() if task.template_folder is not None]
    texts = [path.read_text(encoding="utf-8") for path in files]
    joined = (re.sub(r"%\(\w+\)s", "0", text.replace('"\n"', "")) for text in texts)
    answers = [choice.value for task in all_tasks() for choice in task.rubric.choices]
    names = [language.name for language in LANGUAGES.values()]
    return "\n".join([*joined, PASSAGE_MARKUP, *FILLED_IN, *answers, *names])
