"""What an analysis needs beside the observations: counts of the frame and the draw, and the plan. Pure.

Everything in it is plain JSON (`content`), so that an export carries it and anyone can run the analysis again.
"""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class LayerCount:
    """One layer of one cell."""

    layer: int
    eligible: int
    """Neurons of the layer in the frame, dead ones included."""
    drawn: int
    dead: int
    """Dead among the drawn."""


@dataclass(frozen=True)
class CellCounts:
    """One arm in one stratum: how many neurons there were, and what became of them before anyone judged."""

    arm: str
    stratum: str
    eligible: int
    """Neurons of the layers named that were left to draw from, dead ones included."""
    drawn: int
    dead: int
    """Dead among the drawn: NOT INTERPRETABLE without being shown."""
    shown: int
    """Drawn and alive, so made into items."""
    excluded: int = 0
    """Passed over by a rule of the design: too few snippets or marks, or seen before."""
    suppressed: int = 0
    """Near-duplicate windows left out of this cell's snippets."""
    layers: tuple[LayerCount, ...] = ()
    model: dict[str, Any] = field(default_factory=dict)
    """The model's name, activation, weights_sha256 and pairing certificate, as its archive has them; may be empty."""


@dataclass(frozen=True)
class ExclusionRules:
    """Rules of the design for leaving out an evaluator, run at the lock; None means no such rule."""

    shortest_median_seconds: float | None = None
    largest_cannot_judge: float | None = None
    """Largest share of "cannot judge"."""
    smallest_completed: float | None = None
    """Smallest share of the items given that must be judged."""
    smallest_planted: float | None = None
    """Smallest share of planted items, whose rule is known, marked INTERPRETABLE."""


@dataclass(frozen=True)
class Enrolled:
    """Someone invited to the round, whether or not they judged."""

    evaluator: str
    exposed: bool
    given: int = 0
    """Items assigned."""
    erased: bool = False


@dataclass(frozen=True)
class Guess:
    """An answer to "which model?" in phase 2."""

    evaluator: str
    exposed: bool
    guess: str | None
    """An arm; None for "don't know"."""
    item: str


@dataclass(frozen=True)
class Piled:
    """One item in one of two piles, sorted in phase 2 by someone who knows no arm."""

    evaluator: str
    item: str
    pile: str


@dataclass(frozen=True)
class Flagged:
    """An item that an evaluator flagged as faulty or distressing: missing, even where a verdict had been given."""

    evaluator: str
    item: str
    kind: str = ""
    """`fault` or `distress`."""
    comment: str = ""


@dataclass(frozen=True)
class Stimulus:
    """What an item shows apart from its words."""

    item: str
    marked: int
    level_sum: int
    tokens: int


@dataclass(frozen=True)
class AnalysisFrame:
    """Counts and plan of a round, complete for the analysis."""

    cells: tuple[CellCounts, ...]
    reference: str
    """Name of the reference arm."""
    treatment: str
    """Name of the arm that the primary analysis compares with the reference."""
    seed: str
    """Seeds the shuffles and bootstraps: the round's commitment, so that nobody chose it."""
    contrasts: tuple[tuple[str, str], ...] = ()
    """Further (arm, its reference); empty means every further arm with the reference."""
    by_layer: bool = False
    """The draw was by layer, so cells are weighted back by their layers' sizes."""
    planned: int = 0
    """Judgments planned for each item; 0 means one by everyone who judged."""
    exclusions: ExclusionRules = field(default_factory=ExclusionRules)
    evaluators: tuple[Enrolled, ...] = ()
    guesses: tuple[Guess, ...] = ()
    piles: tuple[Piled, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    flagged: tuple[Flagged, ...] = ()
    stopped_early: bool = False
    blind_broken: bool = False
    """Archives of the round were opened while it was collecting."""
    marks: str = "proportional"
    audit: dict[str, Any] | None = None
    """Summary of the leak audit, as the log has it since the seal; None if the round was sealed without one."""

    def content(self) -> dict[str, Any]:
        """The frame as plain JSON values."""
        return asdict(self, dict_factory=_jsonable)

    @classmethod
    def from_content(cls, content: dict[str, Any]) -> "AnalysisFrame":
        """The frame back from its JSON values."""
        cells = tuple(
            CellCounts(**(one | {"layers": tuple(LayerCount(**layer) for layer in one["layers"])}))
            for one in content["cells"]
        )
        lists = {
            "evaluators": tuple(Enrolled(**one) for one in content["evaluators"]),
            "guesses": tuple(Guess(**one) for one in content["guesses"]),
            "piles": tuple(Piled(**one) for one in content["piles"]),
            "stimuli": tuple(Stimulus(**one) for one in content["stimuli"]),
            "flagged": tuple(Flagged(**one) for one in content["flagged"]),
            "contrasts": tuple((first, second) for first, second in content["contrasts"]),
            "exclusions": ExclusionRules(**content["exclusions"]),
        }
        return cls(**(content | lists | {"cells": cells}))

    def cell(self, arm: str, stratum: str) -> CellCounts | None:
        """The cell of an arm in a stratum, if the round has it."""
        return next((one for one in self.cells if (one.arm, one.stratum) == (arm, stratum)), None)

    @property
    def arms(self) -> list[str]:
        """The reference arm first, then the treatment, then the others by name."""
        named = {one.arm for one in self.cells}
        first = [arm for arm in (self.reference, self.treatment) if arm in named]
        return first + sorted(named - set(first))

    @property
    def strata(self) -> list[str]:
        """Strata by number of layers, then replicate."""
        return sorted({one.stratum for one in self.cells}, key=stratum_order)


def stratum_order(stratum: str) -> tuple[int, str]:
    """Sorts "2L/0" before "16L/0"; names of another form go last, alphabetically."""
    size = stratum.split("L", 1)[0]
    return (int(size) if size.isdigit() else 1 << 30, stratum)


def _jsonable(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in pairs}
