"""A design: everything about a round that is fixed before anyone judges. Versioned, and hashed into the commitment."""

import re
import tomllib
from functools import cached_property
from typing import Annotated, Literal, Self

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.archive.snippet import Group
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import DesignError
from app.foundation.json_types import JsonObject
from app.rounds.rubric import Rubric

Marks = Literal["proportional", "rank"]
Assignment = Literal["crossed", "overlap", "blocks"]
BlindingQuestion = Literal["none", "which_model", "sort"]

GIVEAWAYS = ("solu", "gelu", "relu", "softmax", "layernorm", "baseline")
"""Words that a title shown to evaluators may not hold, beside the arms' own names."""


def _is_digest(value: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", value):
        msg = "a digest is 64 hexadecimal digits; `archive show` prints the archive's"
        raise ValueError(msg)
    return value


Sha256 = Annotated[str, AfterValidator(_is_digest)]
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^\S(.*\S)?$")]
Share = Annotated[float, Field(gt=0.5, lt=1.0)]


class DesignPart(BaseModel):
    """A part of a design: frozen, and no field that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Cell(DesignPart):
    """One arm in one stratum, and the archive its neurons come from."""

    arm: Name
    stratum: Name = "1L/0"
    """Size and replicate, where arms are compared."""
    archive_sha256: Sha256


class Controls(DesignPart):
    """Items of known truth, blinded like the rest and never in a fraction."""

    planted: int = Field(default=0, ge=0, le=100)
    """Items whose passages all follow one exact rule."""
    ladder: tuple[Share, ...] = ()
    """Purity steps: the share of an item's passages that come from one neuron, the others from a second."""
    per_step: int = Field(default=0, ge=0, le=20)
    """Ladder items per step and arm."""


class Exclusions(DesignPart):
    """Rules, fixed in advance, by which an evaluator is left out of the second of two results; None is no rule."""

    shortest_median_seconds: float | None = Field(default=None, gt=0)
    largest_cannot_judge: float | None = Field(default=None, ge=0, le=1)
    smallest_completed: float | None = Field(default=None, ge=0, le=1)
    smallest_planted: float | None = Field(default=None, ge=0, le=1)


class Design(DesignPart):
    """One round, described. `preset` says where it started from; every field is in the digest."""

    version: Literal[1] = 1
    preset: str = "own"
    title: str = Field(min_length=1, max_length=120)
    """Evaluators see it, so it names no arm and no activation."""
    arms: tuple[Cell, ...] = Field(min_length=2)
    reference: Name
    """The arm that the others are compared with."""
    neurons: int = Field(default=60, ge=1, le=10_000)
    """Drawn per cell, dead ones included."""
    layers: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    """The frame: all neurons of these layers; None for every layer."""
    by_layer: Literal["simple", "stratified"] = "simple"
    site: Literal["mlp.pre", "mlp.act", "mlp.post_ln"] = "mlp.act"
    groups: dict[Group, Annotated[int, Field(ge=1, le=100)]] = {"top": 20}
    marks: Marks = "proportional"
    rubric: Rubric = Rubric()
    minutes: tuple[float, float] = (1, 2)
    """Guidance for the time per item."""
    hypothesis: bool = True
    confidence: bool = True
    cannot_judge: bool = True
    """A third answer; it counts as NOT INTERPRETABLE in the primary analysis."""
    evaluators: int = Field(default=3, ge=1, le=1000)
    """Who is needed before the lock; with fewer the report is titled "stopped early"."""
    assignment: Assignment = "crossed"
    overlap: int | None = Field(default=None, ge=1, le=100)
    """Judgments per item in overlap and block designs; None when everyone judges everything."""
    block: int | None = Field(default=None, ge=2)
    """Items per evaluator in a block design."""
    lease_minutes: int = Field(default=60, ge=1, le=10_080)
    """In overlap designs: how long an item waits for its evaluator before another may have it."""
    named: tuple[Name, ...] = ()
    """Evaluators known before the seal: neurons that they have seen unblinded leave the frame for everyone."""
    repeats: int = Field(default=0, ge=0, le=200)
    """Items shown a second time, under another code and in another order of passages."""
    repeat_distance: int = Field(default=30, ge=2)
    controls: Controls = Controls()
    training: int = Field(default=0, ge=0, le=20)
    """Planted items with feedback, before the round."""
    training_pass: int | None = Field(default=None, ge=1)
    """Training items that must be answered right; None lets everyone pass."""
    blinding_question: BlindingQuestion = "none"
    primary: str = "difference of interpretable fractions against the reference arm, within strata"
    exclusions: Exclusions = Exclusions()
    consent: str = Field(default="", max_length=5000)
    """What evaluators agree to; empty for the page's own words."""
    contact: str = Field(default="", max_length=500)
    aids: bool = False
    """Aids may be opened after the verdict, and opening one locks it."""
    break_every: int = Field(default=30, ge=0)
    daily_cap: int = Field(default=0, ge=0)
    """Items per evaluator and day; 0 for no cap."""
    advance_ms: int = Field(default=0, ge=0, le=5000)
    """How long an answered item stays before the next one. The line at the top confirms each answer in any case."""

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        for complaint in (*_about_arms(self), *_about_counts(self), *_about_assignment(self), *_about_words(self)):
            raise ValueError(complaint)
        return self

    @cached_property
    def canonical(self) -> str:
        """RFC 8785 JSON: what the digest is taken of, and what the database keeps."""
        return canonical_bytes(self.model_dump(mode="json")).decode()

    @property
    def sha256(self) -> str:
        """Digest of the canonical JSON."""
        return sha256(self.canonical.encode())

    @property
    def peaks_per_item(self) -> int:
        """Strongest firings shown per item."""
        return self.groups.get("top", sum(self.groups.values()))

    @property
    def treatment(self) -> str:
        """The first arm named that is not the reference: the one of the headline."""
        return next(cell.arm for cell in self.arms if cell.arm != self.reference)

    @property
    def arm_names(self) -> list[str]:
        """Every arm once, in alphabetical order."""
        return sorted({cell.arm for cell in self.arms})

    def public_content(self) -> JsonObject:
        """The part that evaluator pages may know: no arm, digest, stratum or count of neurons."""
        shown = self.model_dump(mode="json", include=PUBLIC)
        rubric = self.rubric.filled_in(
            self.peaks_per_item, among_groups=self.peaks_per_item < sum(self.groups.values())
        )
        return shown | {"rubric": rubric.model_dump(mode="json"), "needed": rubric.needed}

    def with_changes(self, **changes: object) -> Self:
        """The same design with other values in some fields. Raises DesignError like `from_values`."""
        return self.from_values(self.model_dump() | changes)

    def to_toml(self) -> str:
        """The design as TOML; what is None is left out."""
        return tomli_w.dumps(self.model_dump(mode="json", exclude_none=True))

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The design in TOML text. Raises DesignError with the line or the field."""
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            msg = f"The design is not TOML: {error}. Compare it with what a preset prints."
            raise DesignError(msg) from error
        return cls.from_values(values)

    @classmethod
    def from_values(cls, values: object) -> Self:
        """The design with these values, {field: value}. Raises DesignError with the first field that cannot be."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            reason = first["msg"].removeprefix("Value error, ")
            msg = f"The design cannot be met: {place + ': ' if place else ''}{reason}"
            raise DesignError(msg) from error


PUBLIC = {
    "title", "groups", "marks", "minutes", "hypothesis", "confidence", "cannot_judge", "blinding_question", "training",
    "training_pass", "consent", "contact", "aids", "break_every", "daily_cap", "advance_ms",
    "assignment", "overlap", "block", "lease_minutes",
}  # fmt: skip


def read_design(canonical: str) -> Design:
    """The design back from its canonical JSON."""
    return Design.model_validate_json(canonical)


def _about_arms(design: Design) -> list[str]:
    cells = [(cell.arm, cell.stratum) for cell in design.arms]
    strata = {stratum for _, stratum in cells}
    found = []
    if len(set(cells)) < len(cells):
        found.append("an arm stands twice in one stratum; give each pair of arm and stratum one archive")
    if len(design.arm_names) < 2:
        found.append("a comparison needs two arms; name a second one")
    lacking = sorted(stratum for stratum in strata if (design.reference, stratum) not in cells)
    if lacking:
        found.append(f"the reference arm “{design.reference}” is missing in stratum {lacking[0]}; add its archive")
    return found


def _about_counts(design: Design) -> list[str]:
    drawn = design.neurons * len(design.arms)
    steps, per_step = design.controls.ladder, design.controls.per_step
    complaints = {
        f"{design.repeats} repeats of {drawn} neurons; repeat fewer": design.repeats > drawn,
        f"repeats cannot stand {design.repeat_distance} apart among {drawn} items; lower the distance": (
            design.repeats > 0 and design.repeat_distance >= drawn
        ),
        "a purity ladder needs its steps (ladder) and how many items each has (per_step)": bool(steps)
        != bool(per_step),
        f"{design.training_pass} right answers of {design.training} training items; lower the pass mark": (
            (design.training_pass or 0) > design.training
        ),
        "the shorter time comes first in minutes": design.minutes[0] > design.minutes[1],
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_assignment(design: Design) -> list[str]:
    crossed, blocks = design.assignment == "crossed", design.assignment == "blocks"
    complaints = {
        "overlap is for overlap and block designs, which need it; a crossed design has none": (
            crossed != (design.overlap is None)
        ),
        f"an overlap of {design.overlap} needs as many evaluators; the target is {design.evaluators}": (
            (design.overlap or 0) > design.evaluators
        ),
        "hidden repeats need everyone to judge everything; leave them out, or cross the design": (
            design.repeats > 0 and not crossed
        ),
        "a block design says how many items one evaluator gets (block), and no other design does": (
            blocks != (design.block is not None)
        ),
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_words(design: Design) -> list[str]:
    own = design.rubric != Rubric()  # the standard words hold no arm's name, except by accident ("a")
    words = [str(word) for word in design.rubric.filled_in(design.peaks_per_item).model_dump().values()] if own else []
    shown = " ".join([design.title, design.consent, design.contact, *words]).lower()
    names = [arm.lower() for arm in design.arm_names]
    for word in [*names, *GIVEAWAYS]:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", shown):
            return [f"evaluators read title, rubric and consent: “{word}” must not be in them; use other words"]
    return []
