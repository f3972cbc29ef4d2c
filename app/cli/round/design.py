"""`firstglance round design`: print a preset's design as TOML with a comment for every field."""

import click

from app.cli.printing import print_text
from app.rounds.design_text import preset_toml
from app.rounds.presets import DEFAULT_PRESET, PRESET_NAMES
from app.tasks.registry import DEFAULT_TASK, all_tasks


@click.command("design")
@click.option("--preset", "preset_name", type=click.Choice(PRESET_NAMES), default=DEFAULT_PRESET, show_default=True)
@click.option(
    "--task",
    "task_name",
    type=click.Choice([task.name for task in all_tasks()]),
    default=DEFAULT_TASK,
    show_default=True,
    help="What evaluators are asked of every item.",
)
def design_command(preset_name: str, task_name: str) -> None:
    """Print a preset's design as TOML. Fill it in and give it to `round create --design FILE`."""
    print_text(preset_toml(preset_name, task_name), nl=False)
