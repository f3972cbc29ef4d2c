"""A design: everything about a round that is fixed before anyone judges. Versioned, and hashed into the commitment.

The docstring of every field is one line, because `firstglance round design` prints it as the field's comment.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from rfc8785 import CanonicalizationError

from app.archive.snippet import Group
from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import DesignError, first_problem
from app.foundation.json_types import JsonObject, JsonValue
from app.foundation.typed_text import has_unseen_characters, show_in_one_line
from app.rounds.analysis_plan import STANDARD_PLAN, AnalysisPlan
from app.rounds.design_part import DesignPart, Name
from app.rounds.rubric import Rubric, foreign_placeholder

Marks = Literal["proportional", "rank"]
Assignment = Literal["crossed", "overlap", "blocks"]
BlindingQuestion = Literal["none", "which_model", "sort"]
SeedRule = Literal["server", "public"]

GIVEAWAYS = ("solu", "gelu", "relu", "softmax", "layernorm", "baseline")
"""Words that no text for evaluators may contain, besides the names of the arms."""


def _require_digest(text: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        msg = "a digest is 64 hexadecimal digits; `archive show` prints the archive's"
        raise ValueError(msg)
    return text


TEXTS_IN_LINES = {"title", "primary", "consent", "contact", "rubric"}
"""Fields whose texts may have line breaks."""
LONGEST_TITLE = 120
"""Most characters of a round's title."""
LONGEST_TOML = 1_000_000
"""Characters of the longest file of a design; a preset's has about ten thousand."""

NEWEST_VERSION: Literal[2] = 2
FIELDS_SINCE_2 = {"analysis", "seed_rule"}
"""Fields that a design of version 1 does not have: they are not in its canonical text, so its digest stays."""

Sha256 = Annotated[str, AfterValidator(_require_digest)]
Share = Annotated[float, Field(gt=0.5, lt=1.0)]


class Cell(DesignPart):
    """One arm in one stratum, and the archive its neurons come from."""

    arm: Name
    """What the model stands for in the comparison: a name of up to 60 characters that evaluators never see."""
    stratum: Name = "1L/0"
    """Arms are compared within a stratum, named by size and replicate in up to 60 characters."""
    archive_sha256: Sha256
    """Digest of the archive, 64 hexadecimal digits: `firstglance archive show` prints it."""


FieldValue = JsonValue | DesignPart | tuple[Cell, ...]
"""The value of a field before it is checked: as JSON has it, as a part of a design, or as the cells."""


class Controls(DesignPart):
    """Items of known truth, blinded like all others and never in a fraction."""

    planted: int = Field(default=0, ge=0, le=100)
    """Items whose passages all follow one exact rule, 0 to 100."""
    ladder: tuple[Share, ...] = ()
    """Purity steps, each above 0.5 and below 1: the share of passages from the first of two neurons in one item."""
    per_step: int = Field(default=0, ge=0, le=20)
    """Items per purity step and cell, 0 to 20."""


class Exclusions(DesignPart):
    """Rules, fixed in advance, that leave an evaluator out of the second of two results; None means no rule."""

    shortest_median_seconds: float | None = Field(default=None, gt=0, examples=[5.0])
    """Leave out evaluators with a shorter median time per verdict, in seconds. Without this line it does not apply."""
    largest_cannot_judge: float | None = Field(default=None, ge=0, le=1, examples=[0.3])
    """Leave out evaluators with a larger share of "cannot judge", 0 to 1. Without this line it does not apply."""
    smallest_completed: float | None = Field(default=None, ge=0, le=1, examples=[0.5])
    """Leave out evaluators who judged a smaller share of their items, 0 to 1. Without this line it does not apply."""
    smallest_planted: float | None = Field(default=None, ge=0, le=1, examples=[0.6])
    """Leave out evaluators who found fewer planted items interpretable, as a share. Without it no such rule applies."""


class Design(DesignPart):
    """The description of one round; every field is in the digest."""

    version: Literal[1, 2] = NEWEST_VERSION
    """Version of this format: 2."""
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
    site: Literal["mlp.pre", "mlp.act", "mlp.post_ln"] = "mlp.act"
    """Where the archives read the activation: "mlp.pre", "mlp.act" (the paper's choice) or "mlp.post_ln"."""
    seed_rule: SeedRule = "server"
    """Who draws the seed: "server" alone, or "public", where a public value named beforehand completes it."""
    groups: dict[Group, Annotated[int, Field(ge=1, le=100)]] = Field(default={"top": 20})
    """Passages per item from each group of snippets, 1 to 100: top, quantile, value_bin, random or contrast."""
    marks: Marks = "proportional"
    """How tokens get levels: "proportional" to the neuron's largest activation, or "rank", 20 tokens per level."""
    rubric: Rubric = Rubric()
    """The words that evaluators read."""
    minutes: tuple[float, float] = (1, 2)
    """Suggested time per item, at least and at most, in minutes."""
    hypothesis: bool = True
    """Whether evaluators write down a rule after each verdict."""
    confidence: bool = True
    """Whether evaluators say how sure they are of a rule, 1 to 5."""
    cannot_judge: bool = True
    """Whether there is a third answer, which counts as NOT INTERPRETABLE in the primary analysis."""
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
    primary: str = "difference of interpretable fractions against the reference arm, within strata"
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

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        complaints = [
            *_about_version(self),
            *_about_arms(self),
            *_about_counts(self),
            *_about_assignment(self),
            *_about_words(self),
        ]
        if complaints:
            raise ValueError(complaints[0])
        return self

    @cached_property
    def canonical(self) -> str:
        """RFC 8785 JSON: the digest is computed from it, and the database stores it."""
        return canonical_bytes(self.model_dump(mode="json", exclude=self._absent_fields)).decode()

    @property
    def sha256(self) -> str:
        """Digest of the canonical JSON."""
        return sha256(self.canonical.encode())

    @property
    def planned_analysis(self) -> AnalysisPlan | None:
        """The plan that the digest covers; None in a design of version 1, which has no plan."""
        return None if "analysis" in self._absent_fields else self.analysis

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

    def public_content(self) -> JsonObject:
        """The part that evaluators' pages may show: no arm, digest, stratum or count of neurons."""
        peaks = self.peaks_per_item
        rubric = self.rubric.filled_in(peaks, among_groups=peaks < sum(self.groups.values()))
        words: JsonObject = {"rubric": rubric.model_dump(mode="json"), "needed": rubric.needed}
        return self.model_dump(mode="json", include=PUBLIC_FIELDS) | words

    def with_changes(self, **changes: FieldValue) -> Self:
        """This design with other values in some fields. Raises DesignError like `from_values`."""
        return self.from_values(self.model_dump(exclude=self._absent_fields) | changes)

    def in_newest_version(self) -> Self:
        """This design as a new round would have it: with today's plan, of which it keeps the numbers that it set."""
        analysis = STANDARD_PLAN.model_copy(update={"numbers": self.analysis.numbers})
        return self.with_changes(version=NEWEST_VERSION, analysis=analysis)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The design in TOML text. Raises DesignError with the line or the field."""
        if len(text) > LONGEST_TOML:
            msg = f"The design has {len(text):,} characters; none is longer than {LONGEST_TOML:,}. Give another file."
            raise DesignError(msg)
        try:
            fields = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            reason = error if isinstance(error, tomllib.TOMLDecodeError) else "a value in it is too deep or too long"
            msg = f"The design is not TOML: {reason}. Compare it with what `firstglance round design` prints."
            raise DesignError(msg) from error
        if fields.get("version") == 1:  # a file that version 0.1 printed: what it leaves out has today's values
            del fields["version"]
        return cls.from_values(fields).require_clear_texts()

    @classmethod
    def from_values(cls, fields: object) -> Self:
        """The design with these values, {field: value}. Raises DesignError naming the first field that is wrong."""
        try:
            design = cls.model_validate(fields)
            design.canonical  # noqa: B018  # a number that no JSON has is refused here, not where it is stored
        except ValidationError as error:
            path, reason = first_problem(error)
            msg = f"The design cannot be met: {path + ': ' if path else ''}{reason}"
            raise DesignError(msg) from error
        except CanonicalizationError as error:
            msg = "The design cannot be met: a number in it is too large, or is none"
            raise DesignError(msg) from error
        return design

    def require_clear_texts(self) -> Self:
        """This design. Raises DesignError naming a text with characters that nobody sees, or with wrong braces.

        Designs that are stored already are not asked: an old round goes on as it is.
        """
        for path, text in text_leaves(self.model_dump(mode="json")):
            if has_unseen_characters(text, in_lines=path.partition(".")[0] in TEXTS_IN_LINES):
                msg = f"{path} has characters that nobody sees: “{show_in_one_line(text)}”. Type it anew."
                raise DesignError(msg)
        if foreign := foreign_placeholder(self.rubric.operational):
            msg = (
                f"rubric.operational has “{foreign}”, which stands for nothing: only {{peaks}} and {{needed}} are "
                "replaced. Reword it; write a brace that evaluators shall see twice."
            )
            raise DesignError(msg)
        return self

    @property
    def _absent_fields(self) -> set[str]:
        """Fields that designs of this version do not have."""
        return FIELDS_SINCE_2 if self.version == 1 else set()


PUBLIC_FIELDS = {
    "title", "groups", "marks", "minutes", "hypothesis", "confidence", "cannot_judge", "blinding_question", "training",
    "training_pass", "consent", "contact", "aids", "break_every", "daily_cap", "advance_ms",
    "assignment", "overlap", "block", "lease_minutes",
}  # fmt: skip


def text_leaves(json_value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """(path with dots, text) of every text in a JSON value."""
    if isinstance(json_value, str):
        yield path, json_value
    elif isinstance(json_value, dict):
        for name, part in json_value.items():
            yield from text_leaves(part, f"{path}.{name}".removeprefix("."))
    elif isinstance(json_value, list):
        for index, part in enumerate(json_value):
            yield from text_leaves(part, f"{path}.{index}")


def read_design(canonical: str) -> Design:
    """The design back from the canonical JSON of any version: `canonical` gives that very text again.

    Raises DesignError if no version can have written it.
    """
    try:
        return Design.model_validate_json(canonical)
    except ValidationError as error:
        path, reason = first_problem(error)
        msg = f"a stored design cannot be read ({path or 'its JSON'}: {reason}); restore the database from a backup"
        raise DesignError(msg) from error


def read_design_content(design_content: JsonObject) -> Design:
    """The design back from its JSON values. Raises DesignError if they are no design's."""
    try:
        return Design.model_validate_json(json.dumps(design_content))
    except ValidationError as error:
        path, reason = first_problem(error)
        msg = f"The committed design cannot be read: {path + ': ' if path else ''}{reason}"
        raise DesignError(msg) from error


def _about_version(design: Design) -> list[str]:
    if design.version == 1 and FIELDS_SINCE_2 & design.model_fields_set:
        return ["a design of version 1 has no plan of the analysis; leave out the line version = 1"]
    return []


def _about_arms(design: Design) -> list[str]:
    cells = [(cell.arm, cell.stratum) for cell in design.arms]
    strata = {stratum for _, stratum in cells}
    complaints = []
    if len(set(cells)) < len(cells):
        complaints.append("an arm stands twice in one stratum; give each pair of arm and stratum one archive")
    if len(design.arm_names) < 2:
        complaints.append("a comparison needs two arms; name a second one")
    lacking = sorted(stratum for stratum in strata if (design.reference, stratum) not in cells)
    if lacking:
        complaints.append(f"the reference arm “{design.reference}” is missing in stratum {lacking[0]}; add its archive")
    return complaints


def _about_counts(design: Design) -> list[str]:
    drawn_count = design.neurons * len(design.arms)
    steps, per_step = design.controls.ladder, design.controls.per_step
    complaints = {
        f"there are {design.repeats} repeats but only {drawn_count} neurons; repeat fewer": design.repeats
        > drawn_count,
        f"repeats cannot be {design.repeat_distance} places apart among {drawn_count} items; lower the distance": (
            design.repeats > 0 and design.repeat_distance >= drawn_count
        ),
        "a purity ladder needs steps (ladder) and a number of items for each (per_step); set both or neither": bool(
            steps
        )
        != bool(per_step),
        f"{design.training} practice items cannot have {design.training_pass} correct answers; lower training_pass": (
            (design.training_pass or 0) > design.training
        ),
        "minutes needs the shorter time first; swap the two": design.minutes[0] > design.minutes[1],
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_assignment(design: Design) -> list[str]:
    crossed, blocks = design.assignment == "crossed", design.assignment == "blocks"
    complaints = {
        "overlap and block designs need overlap, and a crossed design must not have it; add or remove that line": (
            crossed != (design.overlap is None)
        ),
        f"an overlap of {design.overlap} needs as many evaluators, but evaluators is {design.evaluators}; change one": (
            (design.overlap or 0) > design.evaluators
        ),
        "hidden repeats need a crossed design; set repeats to 0, or assignment to crossed": (
            design.repeats > 0 and not crossed
        ),
        "block (how many items one evaluator gets) is for block designs, which need it; add or remove that line": (
            blocks != (design.block is not None)
        ),
    }
    return [complaint for complaint, applies in complaints.items() if applies]


def _about_words(design: Design) -> list[str]:
    words = [design.title, design.consent, design.contact]
    if design.rubric != Rubric():  # the standard words hold no arm's name, except by accident ("a")
        words += map(str, design.rubric.filled_in(design.peaks_per_item).model_dump().values())
    shown = " ".join(words).lower()
    names = [arm.lower() for arm in design.arm_names]
    for word in [*names, *GIVEAWAYS]:
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", shown):
            return [f"evaluators read title, rubric and consent: “{word}” must not be in them; use other words"]
    return []
