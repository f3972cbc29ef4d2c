"""A design: everything about a round that is fixed before anyone judges. Versioned, and hashed into the commitment."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Self

from pydantic import ValidationError, model_validator
from rfc8785 import CanonicalizationError

from app.foundation.digest import canonical_bytes, sha256
from app.foundation.errors import DesignError, first_problem
from app.foundation.json_types import JsonObject, JsonValue
from app.foundation.typed_text import has_unseen_characters, show_in_one_line
from app.rounds.analysis_plan import AnalysisPlan, plan_deviations, plan_of_task
from app.rounds.archive_cell import cells_of
from app.rounds.cell import Cell
from app.rounds.design_complaints import complaints_about
from app.rounds.design_fields import NEWEST_VERSION, DesignFields
from app.rounds.design_part import DesignPart
from app.rounds.field_problems import field_problem
from app.rounds.preset_settings import settings_of_preset
from app.rounds.typed_units import with_unit_words

if TYPE_CHECKING:
    from app.archive.archive import Archive

TEXTS_IN_LINES = {"title", "primary", "consent", "contact", "rubric"}
"""Fields whose texts may have line breaks."""
LONGEST_TOML = 1_000_000
"""Characters of the longest file of a design; a preset's has about ten thousand."""

FieldValue = JsonValue | DesignPart | tuple[Cell, ...]
"""The value of a field before it is checked: as JSON has it, as a part of a design, or as the cells."""

AbsentFields = dict[str, bool | dict[str, bool | dict[str, bool]]]
"""Fields that are left out, as pydantic takes them: whole ones, and those of every cell."""


class Design(DesignFields):
    """The description of one round; every field is in the digest."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if complaints := complaints_about(self):
            raise ValueError(complaints[0])
        return self

    @cached_property
    def canonical(self) -> str:
        """RFC 8785 JSON: the digest is computed from it, and the database stores it."""
        return canonical_bytes(self.model_dump(mode="json", exclude=self._absent)).decode()

    @property
    def sha256(self) -> str:
        """Digest of the canonical JSON."""
        return sha256(self.canonical.encode())

    @property
    def planned_analysis(self) -> AnalysisPlan | None:
        """The plan that the digest covers; None in a design of version 1, which has no plan."""
        return None if "analysis" in self.absent_fields else self.analysis

    def public_content(self) -> JsonObject:
        """The part that evaluators' pages may show: no arm, digest, stratum or count of neurons."""
        peaks = self.peaks_per_item
        among_groups = peaks < sum(self.groups.values())
        rubric = self.rubric.filled_in(peaks, among_groups=among_groups, unit=self.unit_word)
        words: JsonObject = {"rubric": rubric.model_dump(mode="json"), **rubric.public_numbers}
        if self.version >= 3:
            words |= {"unit_word": self.unit_word, "task": self.task}
        return self.model_dump(mode="json", include=PUBLIC_FIELDS) | words

    def with_changes(self, **changes: FieldValue) -> Self:
        """This design with other values in some fields; with another task, in its words. Raises as `from_values`."""
        absent = self._absent
        if changes.get("task", self.task) != self.task:
            absent |= {"rubric": True, "analysis": {"outcome": True}}
        return self.from_values(self.model_dump(exclude=absent) | changes)

    def in_newest_version(self) -> Self:
        """This design as a new round would have it: with today's plan, of which it keeps the numbers that it set."""
        analysis = plan_of_task(self.task).model_copy(update={"numbers": self.analysis.numbers})
        return self.with_changes(version=NEWEST_VERSION, analysis=analysis)

    @classmethod
    def from_preset(
        cls,
        preset_name: str,
        *,
        title: str,
        arms: "Mapping[str, Archive] | Sequence[Cell]",
        reference: str | None = None,
        **changes: FieldValue,
    ) -> Self:
        """The preset's design for these arms, with changes; the first arm is the reference if none is named.

        `arms` are {name: archive} in one stratum, or cells. Raises DesignError for an unknown preset or a bad value.
        """
        cells = cells_of(arms)
        named = {"preset": preset_name, "title": title, "arms": cells}
        fixed = named | {"reference": reference or (cells[0].arm if cells else "")}
        return cls.from_values({**settings_of_preset(preset_name), **fixed, **changes}).require_clear_texts()

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The design in TOML text; what an arm leaves out of its units' word, its site says.

        Raises DesignError with the line or the field.
        """
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
        design = cls.from_values(with_unit_words(fields)).require_clear_texts()
        if design.version == NEWEST_VERSION or plan_deviations(design.analysis):
            return design  # a plan that is not ours is refused as it stands, not replaced
        return design.in_newest_version()

    @classmethod
    def from_values(cls, fields: object) -> Self:
        """The design with these values, {field: value}. Raises DesignError naming the first field that is wrong."""
        try:
            design = cls.model_validate(fields)
            design.canonical  # noqa: B018  # a number that no JSON has is refused here, not where it is stored
        except ValidationError as error:
            msg = f"The design cannot be met: {field_problem(error)}"
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
        if foreign := self.rubric.foreign_placeholder():
            msg = (
                f"rubric.operational has “{foreign}”, which stands for nothing: only {{peaks}} and {{needed}} are "
                "replaced. Reword it; write a brace that evaluators shall see twice."
            )
            raise DesignError(msg)
        return self

    @property
    def _absent(self) -> AbsentFields:
        """The fields that designs of this version do not have, as pydantic leaves them out."""
        absent: AbsentFields = dict.fromkeys(self.absent_fields, True)
        if self.absent_cell_fields:
            absent["arms"] = {"__all__": dict.fromkeys(self.absent_cell_fields, True)}
        return absent


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
