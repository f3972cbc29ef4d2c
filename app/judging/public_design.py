"""The part of a design that evaluators' pages may read: words, times and switches. No arm, no digest. Pure."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny

from app.foundation.json_types import JsonObject, JsonValue
from app.rounds.design_fields import Assignment, BlindingQuestion, Marks
from app.tasks.item import PracticeAnswer
from app.tasks.registry import DEFAULT_TASK, task_named
from app.tasks.rubric import Rubric


def _pairs(counts_by_group: JsonValue) -> JsonValue:
    """The (group, count) pairs of a design's {group: count}."""
    if not isinstance(counts_by_group, dict):
        return counts_by_group
    return [[group, count] for group, count in counts_by_group.items()]


class PublicDesign(BaseModel):
    """The switches of a round as its pages read them; what a design leaves out takes the value given in this class."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    title: str = ""
    marks: Marks = "proportional"
    groups: Annotated[tuple[tuple[str, int], ...], BeforeValidator(_pairs)] = (("top", 20),)
    """Groups of passages in an item, and how many of each."""
    task: str = DEFAULT_TASK
    rubric: SerializeAsAny[Rubric] = Field(default_factory=lambda: task_named(DEFAULT_TASK).rubric.from_words({}))
    minutes: tuple[float | int, ...] = (1, 2)
    """Guidance for the time per item: at least, at most. Whole minutes stay whole, as the pages print them."""
    hypothesis: bool = True
    confidence: bool = False
    cannot_judge: bool = False
    aids: bool = False
    blinding_question: BlindingQuestion = "none"
    training: int = 0
    training_pass: int | None = None
    """Practice items to be answered right before going on."""
    practice_answers: Mapping[str, PracticeAnswer] = Field(default_factory=dict, validation_alias="training_answers")
    """{code of a practice item: what is expected on it}."""
    assignment: Assignment = "crossed"
    overlap: int = 0
    """Judgments that each item is to have, in overlap and block designs."""
    block: int = 0
    """Items per evaluator, in block designs."""
    lease_minutes: int = 60
    """How long an item waits for its evaluator, in overlap designs."""
    consent: str = ""
    contact: str = ""
    break_every: int = 30
    """Judgments after which a break is offered; 0 for never."""
    daily_cap: int = 0
    """Judgments per day after which the evaluator is asked to come back tomorrow; 0 for no cap."""
    advance_ms: int = 0
    """How long an answered item stays before the next one, in milliseconds."""

    @property
    def offered_answers(self) -> tuple[str, ...]:
        """The answers that the round's pages offer."""
        return tuple(choice.value for choice in self.rubric.labelled_choices(cannot_judge=self.cannot_judge))

    @property
    def task_template(self) -> str:
        """The template of what the task shows beside the passages."""
        return task_named(self.task).template

    @property
    def asks_second_step(self) -> bool:
        """Whether a second step follows every verdict: the rule, or the aids."""
        return self.hypothesis or self.aids

    @classmethod
    def from_content(cls, public_content: JsonObject) -> "PublicDesign":
        """From the JSON values that a round publishes; keys that no page needs are ignored."""
        words = public_content.get("rubric")
        task = task_named(str(public_content.get("task", DEFAULT_TASK)))
        rubric = task.rubric.from_words(words if isinstance(words, dict) else {})
        stated = {name: value for name, value in public_content.items() if value is not None}
        return cls.model_validate(stated | {"rubric": rubric})
