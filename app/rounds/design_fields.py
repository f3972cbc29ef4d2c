"""The fields of a design. Pure.

The docstring of every field is one line, because `firstglance round design` prints it as the field's comment.
"""

from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

from app.archive.snippet import Group
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan
from app.rounds.cell import Cell, Site
from app.rounds.control_counts import Controls
from app.rounds.design_part import DesignPart, Name
from app.rounds.exclusions import Exclusions
from app.rounds.field_problems import field_problem
from app.rounds.unit_words import UnitWords, shared_word
from app.tasks.outcome import Outcome
from app.tasks.registry import DEFAULT_TASK, task_named
from app.tasks.rubric import Rubric

Marks = Literal["proportional", "rank"]
Assignment = Literal["crossed", "overlap", "blocks"]
BlindingQuestion = Literal["none", "which_model", "sort"]
SeedRule = Literal["server", "public"]
Contrast = Literal["site", "corpus", "windows", "k", "tokenizer", "depth", "arithmetic", "duplicate_span", "draw"]
"""What the arms of a stratum can be declared to differ in; "draw" is for two arms of the same units."""

LONGEST_TITLE = 120
"""Most characters of a round's title."""
NEWEST_VERSION: Literal[3] = 3
FIELDS_SINCE_2 = frozenset({"analysis", "seed_rule"})
"""Fields that a design of version 1 does not have: they are not in its canonical text, so its digest stays."""
FIELDS_SINCE_3 = frozenset({"contrasts", "task"})
"""Fields that designs of versions 1 and 2 do not have."""
CELL_FIELDS_SINCE_3 = frozenset({"unit", "site", "harvest"})
"""Fields that the cells of designs of versions 1 and 2 do not have."""


def _read_rubric(typed_words: object, standard: Rubric) -> Rubric:
    """The words in the form of a task whose standard ones are given. Raises ValueError that names the first field."""
    if isinstance(typed_words, Rubric):
        return typed_words
    try:
        return type(standard).model_validate(typed_words)
    except ValidationError as error:
        raise ValueError(field_problem(error, within="rubric")) from error


class DesignFields(DesignPart):
    """The description of one round; every field is in the digest."""

    version: Literal[1, 2, 3] = NEWEST_VERSION
    """Version of this format: 3."""
    preset: str = "own"
    """The preset that the design started from, or "own"."""
    title: str = Field(min_length=1, max_length=LONGEST_TITLE)
    """The title that evaluators see, 1 to 120 characters; it may name no arm and no activation."""
    arms: tuple[Cell, ...] = Field(min_length=2, max_length=1_000)
    """The cells, one table for each arm in a stratum. Every stratum needs the reference arm."""
    reference: Name
    """The arm that the others are compared with."""
    neurons: int = Field(default=60, ge=1, le=10_000)
    """Neurons drawn per cell, dead ones included, 1 to 10000."""
    layers: tuple[Annotated[int, Field(ge=0)], ...] | None = Field(default=None, examples=[[0, 1]])
    """Neurons are drawn from these layers, counted from 0. Without this line all layers are used."""
    by_layer: Literal["simple", "stratified"] = "simple"
    """How neurons are drawn: "simple" from the whole frame, "stratified" from each layer in proportion to its size."""
    site: Site = "mlp.act"
    """Where the archives read the activation, such as "mlp.act" (the paper's choice); an arm may have its own."""
    contrasts: tuple[Contrast, ...] = ()
    """In what the archives of a stratum differ on purpose, such as ["corpus"]; in all else they must agree."""
    seed_rule: SeedRule = "server"
    """Who draws the seed: "server" alone, or "public", where a public value named beforehand completes it."""
    groups: dict[Group, Annotated[int, Field(ge=1, le=100)]] = Field(default={"top": 20})
    """Passages per item from each group of snippets, 1 to 100: top, quantile, value_bin, random or contrast."""
    marks: Marks = "proportional"
    """How tokens get levels: "proportional" to the neuron's largest activation, or "rank", 20 tokens per level."""
    task: str = DEFAULT_TASK
    """What evaluators are asked of every item."""
    rubric: SerializeAsAny[Rubric] = Field(default_factory=lambda: task_named(DEFAULT_TASK).rubric)
    """The words that evaluators read."""
    minutes: tuple[float, float] = (1, 2)
    """Suggested time per item, at least and at most, in minutes."""
    hypothesis: bool = True
    """Whether evaluators write down a rule after each verdict."""
    confidence: bool = True
    """Whether evaluators say how sure they are of a rule, 1 to 5."""
    cannot_judge: bool = True
    """Whether “cannot judge” is an answer, too; it counts as 0 in the primary analysis."""
    evaluators: int = Field(default=3, ge=1, le=1000)
    """Evaluators needed before the lock, 1 to 1000; with fewer the report is titled "stopped early"."""
    assignment: Assignment = "crossed"
    """Who judges what: "crossed" all judge all items, "overlap" items are given out singly, "blocks" one block each."""
    overlap: int | None = Field(default=None, ge=1, le=100, examples=[2])
    """Judgments per item in overlap and block designs, 1 to 100. Leave this line out in a crossed design."""
    block: int | None = Field(default=None, ge=2, examples=[30])
    """Items per evaluator in a block design, 2 or more. Leave this line out in any other design."""
    lease_minutes: int = Field(default=60, ge=1, le=10_080)
    """In overlap designs: minutes after which an unanswered item may go to another evaluator, 1 to 10080."""
    named: tuple[Name, ...] = ()
    """Evaluators known before the seal: neurons that they have seen unblinded are not drawn for anyone."""
    repeats: int = Field(default=0, ge=0, le=200)
    """Items shown a second time, under another code and in another order of passages, 0 to 200."""
    repeat_distance: int = Field(default=30, ge=2)
    """Least distance of an item and its repeat in the order of items, 2 or more."""
    controls: Controls = Controls()
    """Items of known truth, blinded like all others and never in a fraction."""
    training: int = Field(default=0, ge=0, le=20)
    """Practice items, with feedback, before the round, 0 to 20."""
    training_pass: int | None = Field(default=None, ge=1, examples=[2])
    """Practice items to be answered correctly at once; a flagged one is not. Without this line everyone passes."""
    blinding_question: BlindingQuestion = "none"
    """What evaluators are asked at the end: "none", "which_model" (exposed ones only), or "sort" into two piles."""
    primary: str = "difference of the fractions against the reference arm, within strata"
    """The primary analysis, in words."""
    exclusions: Exclusions = Exclusions()
    """Rules that leave an evaluator out of the second of two results. A rule without a line does not apply."""
    consent: str = Field(default="", max_length=5000)
    """What evaluators agree to, up to 5000 characters; leave it empty to use the page's own words."""
    contact: str = Field(default="", max_length=500)
    """Whom evaluators can ask, up to 500 characters."""
    aids: bool = False
    """Whether aids may be opened after the verdict; opening one locks it."""
    break_every: int = Field(default=30, ge=0)
    """A break is offered after so many judgments; 0 for never."""
    daily_cap: int = Field(default=0, ge=0)
    """Most items per evaluator and day; 0 for no limit."""
    advance_ms: int = Field(default=0, ge=0, le=5000)
    """How long an answered item stays on the page before the next one, in milliseconds, 0 to 5000."""
    analysis: AnalysisPlan = STANDARD_PLAN
    """The whole plan of the analysis. It can stay as it is; only numbers may be set otherwise."""

    @model_validator(mode="before")
    @classmethod
    def _in_words_of_task(cls, fields: object) -> object:
        """The fields with the rubric and the plan as the task has them, where they leave something out."""
        if not isinstance(fields, dict):
            return fields
        task = task_named(str(fields.get("task", DEFAULT_TASK)))
        plan, rubric = fields.get("analysis", {}), _read_rubric(fields.get("rubric", task.rubric), task.rubric)
        if fields.get("version", NEWEST_VERSION) in (1, 2):
            return fields | {"rubric": rubric}
        if isinstance(plan, AnalysisPlan):
            plan = plan if plan.outcome else plan.model_copy(update={"outcome": task.outcome})
        elif isinstance(plan, dict):
            plan = plan | {"outcome": plan.get("outcome") or task.outcome}
        return fields | {"rubric": rubric, "analysis": plan}

    @field_validator("contrasts", mode="before")
    @classmethod
    def _single_contrast_as_list(cls, typed: object) -> object:
        """A single contrast needs no brackets."""
        return (typed,) if isinstance(typed, str) else typed

    @property
    def outcome(self) -> Outcome:
        """Which answers count, and the words for them."""
        return self.analysis.outcome or task_named(self.task).outcome

    @property
    def peaks_per_item(self) -> int:
        """How many strongest firings an item shows."""
        return self.groups.get("top", sum(self.groups.values()))

    @property
    def treatment(self) -> str:
        """The first arm that is not the reference: the one in the headline."""
        return next(cell.arm for cell in self.arms if cell.arm != self.reference)

    @property
    def arm_names(self) -> list[str]:
        """Every arm once, in alphabetical order."""
        return sorted({cell.arm for cell in self.arms})

    @property
    def unit_word(self) -> str:
        """The word for what is judged that all arms share: "neuron", or "unit" if they do not."""
        return shared_word({cell.unit for cell in self.arms})

    @property
    def unit_words(self) -> UnitWords:
        """What the units of each arm are called; designs of versions 1 and 2 do not say, and have neurons."""
        return UnitWords({cell.arm: cell.unit for cell in self.arms} if self.version >= 3 else {})

    def site_of(self, cell: Cell) -> str:
        """The site at which a cell's archive was harvested."""
        return cell.site or self.site

    @property
    def absent_fields(self) -> frozenset[str]:
        """Fields that designs of this version do not have."""
        since_2 = FIELDS_SINCE_2 if self.version < 2 else frozenset()
        since_3 = FIELDS_SINCE_3 if self.version < 3 else frozenset()
        return since_2 | since_3

    @property
    def absent_cell_fields(self) -> frozenset[str]:
        """Fields that the cells of designs of this version do not have."""
        return CELL_FIELDS_SINCE_3 if self.version < 3 else frozenset()
