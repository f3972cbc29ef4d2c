"""The forms of an export's evidence files: which keys and types their JSON has, to the letter.

Evidence stays word for word as it was exported, because digests are computed from it: its form is checked, nothing is
converted. A key that First Glance does not write is refused.
"""

from dataclasses import dataclass
from typing import Annotated, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Discriminator, FailFast, Field, Tag, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from app.evidence.entries import (
    AidsEntry,
    ChainLink,
    EventEntry,
    EventEntryV1,
    EventLink,
    FlagEntry,
    GuessEntry,
    JudgmentEntry,
    JudgmentEntryV1,
)
from app.foundation.errors import ExportError, first_problem
from app.foundation.json_types import JsonObject, JsonValue
from app.rounds.commitment import PublishedCommitment
from app.tasks.item import ItemContent

Value = TypeVar("Value")
STRICT_CONFIG = ConfigDict(extra="forbid", strict=True)
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class CommitmentFile(BaseModel):
    """commitment.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    v: Literal[1, 2]
    """Version of the export's form."""
    commitment: Digest
    design_sha256: Digest
    sealed_sha256: Digest
    code_and_digest: Annotated[
        list[Annotated[list[str], Field(min_length=2, max_length=2)]], FailFast(), Field(alias="items")
    ]
    receipt_key: Digest | None = None
    nonce: str | None = None

    @property
    def published(self) -> PublishedCommitment:
        """What was published at the seal."""
        return PublishedCommitment(
            commitment=self.commitment,
            design_sha256=self.design_sha256,
            sealed_sha256=self.sealed_sha256,
            item_digests={pair[0]: pair[1] for pair in self.code_and_digest},
            receipt_key=self.receipt_key,
        )


class JudgmentLinkV1(TypedDict):
    """A judgment in its evaluator's chain, as exports of version 0.1 store it."""

    evaluator: str
    number: int
    chain: Digest
    judgment: JudgmentEntryV1


def _kind_of_entry(candidate: object) -> str:
    """Which form an entry claims to have."""
    return str(candidate.get("kind", "1") if isinstance(candidate, dict) else candidate)


def _version_of_event(candidate: object) -> str:
    return str(candidate.get("v", "1") if isinstance(candidate, dict) else candidate)


_ENTRY_FORM = Annotated[
    Annotated[JudgmentEntryV1, Tag("1")]
    | Annotated[JudgmentEntry, Tag("judgment")]
    | Annotated[FlagEntry, Tag("flag")]
    | Annotated[GuessEntry, Tag("guess")]
    | Annotated[AidsEntry, Tag("aids opened")],
    Discriminator(_kind_of_entry),
]
_EVENT_FORM = Annotated[
    Annotated[EventEntryV1, Tag("1")] | Annotated[EventEntry, Tag("2")], Discriminator(_version_of_event)
]
_ChainLinkForm = TypedDict("_ChainLinkForm", {"evaluator": str, "number": int, "chain": Digest, "entry": _ENTRY_FORM})  # noqa: UP013
"""The form of a `ChainLink`, whose kind of entry is named when it is refused."""
_EventLinkForm = TypedDict("_EventLinkForm", {"number": int, "chain": Digest, "event": _EVENT_FORM})  # noqa: UP013
"""The form of an `EventLink`."""


@dataclass(frozen=True)
class Form(Generic[Value]):
    """The form of a JSON file."""

    adapter: TypeAdapter[Value]

    def read(self, name: str, json_value: JsonValue) -> Value:
        """The value in its type. Raises ExportError, naming the file, if it has another form."""
        try:
            return self.adapter.validate_python(json_value)
        except ValidationError as error:
            problem = ": ".join(part for part in first_problem(error) if part)
            msg = f"{name} in the export has another form ({problem}); take the zip as it was downloaded"
            raise ExportError(msg) from error

    def read_verbatim(self, name: str, json_value: JsonValue) -> Value:
        """The very value, after its form was checked. Raises as `read` does."""
        self.read(name, json_value)
        return cast("Value", json_value)

    def has_form(self, value: object) -> bool:
        """Whether a value, from wherever it was read, has this form."""
        try:
            self.adapter.validate_python(value)
        except ValidationError:
            return False
        return True


COMMITMENT = Form(TypeAdapter(CommitmentFile))
_Listed = Annotated[list[Value], FailFast()]
"""A list whose first wrong element is reported alone: a report of millions of them would fill the memory."""
ITEMS = Form[list[ItemContent]](TypeAdapter(_Listed[ItemContent], config=STRICT_CONFIG))
JUDGMENTS_V1 = Form[list[JudgmentLinkV1]](TypeAdapter(_Listed[JudgmentLinkV1], config=STRICT_CONFIG))
CHAINS = cast("Form[list[ChainLink]]", Form(TypeAdapter(_Listed[_ChainLinkForm], config=STRICT_CONFIG)))
EVENTS = cast("Form[list[EventLink]]", Form(TypeAdapter(_Listed[_EventLinkForm], config=STRICT_CONFIG)))
OBJECT = Form[JsonObject](TypeAdapter(JsonObject))
