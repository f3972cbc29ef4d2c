"""The tasks that tests of every stage go through: first glance and a toy that knows a right answer."""

from typing import NamedTuple

from app.foundation.json_types import JsonObject
from app.tasks.registry import DEFAULT_TASK, add_task
from tests.tasks.pair_task import PAIR

add_task(PAIR)


class TaskUnderTest(NamedTuple):
    """A task, the fields of a design that it needs, and what its pages show."""

    name: str
    design_fields: JsonObject
    answers: tuple[str, str]
    labels: tuple[str, str]
    has_controls: bool


TASKS = (
    TaskUnderTest(
        DEFAULT_TASK, {}, ("interpretable", "not_interpretable"), ("INTERPRETABLE", "NOT INTERPRETABLE"), True
    ),
    TaskUnderTest(
        PAIR.name,
        {"task": PAIR.name, "groups": {"top": 1, "random": 1}, "aids": False},
        ("first", "second"),
        ("The first", "The second"),
        False,
    ),
)
NAMES = [task.name for task in TASKS]
