"""The tasks that rounds can have. Nothing else names a task. Pure."""

from app.foundation.errors import DesignError
from app.tasks.first_glance.task import FIRST_GLANCE
from app.tasks.task import Task
from app.tasks.task_checks import require_consistent

DEFAULT_TASK = FIRST_GLANCE.name
"""The task of designs that name none: the only one that versions 1 and 2 of their form know."""
_TASKS: dict[str, Task] = {}


def add_task(task: Task) -> None:
    """Make a task known. Raises DesignError if it contradicts itself, or if its name is another task's."""
    require_consistent(task)
    if _TASKS.setdefault(task.name, task) is not task:
        msg = f"there is a task {task.name} already; give the new one another name"
        raise DesignError(msg)


def is_known(name: str) -> bool:
    """Whether there is a task with this name."""
    return name in _TASKS


def task_named(name: str) -> Task:
    """The task with this name. Raises DesignError if there is none."""
    if name not in _TASKS:
        msg = f"there is no task {name}; choose one of {', '.join(sorted(_TASKS))}"
        raise DesignError(msg)
    return _TASKS[name]


def all_tasks() -> tuple[Task, ...]:
    """Every known task, by name."""
    return tuple(_TASKS[name] for name in sorted(_TASKS))


add_task(FIRST_GLANCE)
