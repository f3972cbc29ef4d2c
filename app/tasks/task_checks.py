"""What a task must hold to: a round of one that contradicts itself would be judged for nothing. Pure."""

import re
from collections.abc import Sequence

from app.foundation.errors import DesignError
from app.tasks.item import Passage
from app.tasks.rubric import CANNOT_JUDGE
from app.tasks.task import Presentation, Task

NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


def require_consistent(task: Task) -> None:
    """Raise DesignError naming the first part of a task that contradicts another."""
    problem = next((text for text, applies in _contradictions(task).items() if applies), None)
    if problem is not None:
        msg = f"the task {task.name} {problem}"
        raise DesignError(msg)


def require_presentable(task: Task, passages: Sequence[Passage], presentation: Presentation) -> Presentation:
    """The presentation. Raises DesignError if passages are missing, or if its right answer is none of the task's."""
    allowed = set(task.answers) if task.has_right_answers else {None}
    shapes, shown_shapes = ([_shape(passage) for passage in shown] for shown in (passages, presentation.passages))
    if shapes != shown_shapes or presentation.right_answer not in allowed:
        msg = f"the task {task.name} shows other passages than it was given, or has a right answer that is none"
        raise DesignError(msg)
    return presentation


def _shape(passage: Passage) -> tuple[tuple[str, ...], int, int]:
    """What a task must leave as it is: aids and later stages know a passage's tokens by their numbers."""
    return passage.texts, passage.peak, len(passage.levels)


def _contradictions(task: Task) -> dict[str, bool]:
    """{what can be wrong with a task: whether it is}."""
    answers, counted, expected = set(task.answers), set(task.outcome.counted_answers), task.control_answers
    with_rule, without_rule = (expected.with_rule, expected.without_rule) if expected else (None, None)
    return {
        "cannot be named so; use small letters, digits and hyphens": not NAME.fullmatch(task.name),
        "needs two answers or more, each of them once": len(answers) < max(2, len(task.answers)),
        f"has the answer {CANNOT_JUDGE}, which every task may have; leave it out": CANNOT_JUDGE in answers,
        "counts an answer that it does not have": not counted <= answers,
        "counts every answer, so nothing could be told from its results": counted == answers,
        "expects an answer on items of known truth that it does not have": not {with_rule, without_rule} - {None}
        <= answers,
        "must count the answer that is expected where a rule fits, and not the other one": expected is not None
        and not (with_rule in counted and without_rule not in counted),
    }
