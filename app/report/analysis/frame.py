"""The input of an analysis beside the observations: counts of the frame and the draw, and the plan. Pure.

An `AnalysisFrame` is frame.json: the keys of the JSON are the names of the fields, or their aliases, in the same order.
With observations.csv it is all that anyone needs to run the analysis again.
"""

from dataclasses import asdict, dataclass, field
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer, TypeAdapter

from app.evidence.draws import DrawHistory
from app.evidence.entries import FlagReason
from app.foundation.json_types import JsonObject, JsonValue
from app.rounds.allocation import CellModel, LayerCount
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan
from app.rounds.common_ground import Ground
from app.rounds.exclusions import Exclusions
from app.rounds.planned_numbers import PlannedNumbers
from app.rounds.unit_words import UnitWords
from app.tasks.item import Item
from app.tasks.outcome import Outcome
from app.tasks.registry import DEFAULT_TASK, task_named


def _write_model(model: CellModel | None) -> JsonObject:
    return {} if model is None else asdict(model)


@dataclass(frozen=True)
class CellCounts:
    """One arm in one stratum: how many neurons it had, and how many were drawn, excluded, dead and shown."""

    arm: str
    stratum: str
    eligible: int
    """Neurons of the layers named that were left to draw from, dead ones included."""
    drawn: int
    dead: int
    """Dead among the drawn: they count as 0 without being shown."""
    shown: int
    """Drawn and not dead, so shown as items."""
    excluded: int = 0
    """Neurons that a rule of the design excludes: too few snippets or marks, or seen before."""
    suppressed: int = 0
    """Near-duplicate windows left out of this cell's snippets."""
    layers: tuple[LayerCount, ...] = ()
    model: Annotated[CellModel | None, BeforeValidator(lambda model: model or None), PlainSerializer(_write_model)] = (
        None
    )
    """The cell's model; None, which frame.json writes as an empty object, if it was not recorded."""


@dataclass(frozen=True)
class EnrolledEvaluator:
    """An evaluator who was invited to the round, whether or not they judged."""

    evaluator: str
    exposed: bool
    assigned_count: Annotated[int, Field(alias="given")] = 0
    erased: bool = False


@dataclass(frozen=True)
class Guess:
    """An answer to the blinding question "which model?"."""

    evaluator: str
    exposed: bool
    guess: str | None
    """An arm; None for "don't know"."""
    item: str


@dataclass(frozen=True)
class PiledItem:
    """One item in one of two piles, sorted at the blinding question by an evaluator who does not know the arms."""

    evaluator: str
    item: str
    pile: str


@dataclass(frozen=True)
class FlaggedItem:
    """An item that an evaluator flagged as faulty or distressing: it is missing even if it has a verdict."""

    evaluator: str
    item: str
    kind: FlagReason = "fault"
    """`fault` or `distress`."""
    comment: str = ""


@dataclass(frozen=True)
class MarkCounts:
    """How many tokens of an item are marked and how strongly: numbers that could tell arms apart without reading."""

    item: str
    marked: int
    level_sum: int
    tokens: int

    @classmethod
    def from_item(cls, item: Item) -> "MarkCounts":
        """Count the marks of one item."""
        levels = [level for passage in item.passages for level in passage.levels]
        marked = sum(level > 0 for level in levels)
        return cls(item=item.code, marked=marked, level_sum=sum(levels), tokens=len(levels))


@dataclass(frozen=True)
class AnalysisFrame:
    """The counts and the plan of a round: with the observations, all that its analysis needs."""

    cells: tuple[CellCounts, ...]
    reference: str
    """Name of the reference arm."""
    treatment: str
    """Name of the arm that the primary analysis compares with the reference."""
    seed: str
    """Seeds the shuffles and bootstraps: the round's commitment, so that nobody chose it."""
    contrasts: tuple[tuple[str, str], ...] = ()
    """Further pairs (arm, its reference); if empty, every further arm is compared with the reference."""
    by_layer: bool = False
    """The draw was by layer, so cells are weighted back by their layers' sizes."""
    planned: int = 0
    """Judgments planned for each item; 0 means one by every evaluator who judged."""
    exclusions: Exclusions = field(default_factory=Exclusions)
    evaluators: tuple[EnrolledEvaluator, ...] = ()
    guesses: tuple[Guess, ...] = ()
    piles: tuple[PiledItem, ...] = ()
    stimuli: tuple[MarkCounts, ...] = ()
    flagged: tuple[FlaggedItem, ...] = ()
    stopped_early: bool = False
    blind_broken: bool = False
    """Archives of the round were opened while it was collecting."""
    marks: str = "proportional"
    audit: JsonObject | None = None
    """Summary of the leak audit, word for word as the log has it since the seal; None if there was none."""
    plan: AnalysisPlan | None = None
    """The plan of the analysis in the design; None in a design of version 1, which has no plan."""
    draws: DrawHistory | None = None
    """How the seed came about, and every draw that the log counts; frames of version 0.1.0 have no such counts."""

    aids: bool | None = None
    """Evaluators could open aids after a verdict; None in a design of version 1, whose frames do not say."""
    grounds: tuple[Ground, ...] | None = None
    """What the arms' archives have in common; None if the design does not say, as before version 3."""
    unit_words: dict[str, str] | None = None
    """{arm: what its units are called}; None if the design is of version 1 or 2, which knew neurons alone."""

    @property
    def units(self) -> UnitWords:
        """What the units of each arm are called."""
        return UnitWords(self.unit_words or {})

    @property
    def numbers(self) -> PlannedNumbers:
        """The numbers that the plan in force sets; without a plan in the design it is the standard one."""
        return (self.plan or STANDARD_PLAN).numbers

    @property
    def outcome(self) -> Outcome:
        """Which answers count, and the words for them."""
        return self.stated_outcome or task_named(DEFAULT_TASK).outcome

    @property
    def stated_outcome(self) -> Outcome | None:
        """The outcome in the plan of the design; None in a design of version 1 or 2, which knew one task."""
        return self.plan.outcome if self.plan else None

    def content(self) -> JsonObject:
        """The frame as plain JSON values."""
        json_object: JsonObject = _FRAME.dump_python(self, mode="json", by_alias=True)
        for name in ("plan", "draws", "aids", "grounds", "unit_words"):
            if json_object[name] is None:
                del json_object[name]  # a frame of version 0.1 keeps its bytes
        return json_object

    def cell(self, arm: str, stratum: str) -> CellCounts | None:
        """The cell of an arm in a stratum, if the round has it."""
        return next((cell for cell in self.cells if (cell.arm, cell.stratum) == (arm, stratum)), None)

    @property
    def arms(self) -> list[str]:
        """The reference arm first, then the treatment, then the others by name."""
        names = {cell.arm for cell in self.cells}
        compared = [arm for arm in (self.reference, self.treatment) if arm in names]
        return compared + sorted(names - set(compared))

    @property
    def strata(self) -> list[str]:
        """Strata by number of layers, then replicate."""
        return sorted({cell.stratum for cell in self.cells}, key=stratum_sort_key)


_FRAME = TypeAdapter(AnalysisFrame)


def read_frame(json_value: JsonValue) -> AnalysisFrame:
    """Read a frame from its JSON values. Raises ValueError if they have another form."""
    return _FRAME.validate_python(json_value)


def stratum_sort_key(stratum: str) -> tuple[int, str]:
    """A sort key that puts "2L/0" before "16L/0", and names of another form last in alphabetical order."""
    size = stratum.split("L", 1)[0]
    return (int(size) if size.isdigit() else 1 << 30, stratum)
