"""Reads an export: every file that can be checked, once and with its type.

Evidence stays word for word as it was exported, because digests are computed from it: its form is checked, nothing is
converted. An entry with a key that First Glance does not write is refused.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar, cast

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from app.evidence.chains import chains_by_evaluator
from app.evidence.entries import ChainLink, EventAction, EventLink, LogEntry
from app.foundation.digest import sha256
from app.foundation.errors import ExportError, first_problem
from app.foundation.json_types import JsonObject, JsonValue
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.report.export.observations_csv import observations_from_csv
from app.report.export.zip_file import DIGESTS_FILE, read_zip
from app.rounds.allocation import SealContent
from app.rounds.commitment import PublishedCommitment
from app.rounds.item import ItemContent
from app.unblinding.observations import Observation

Value = TypeVar("Value")

REQUIRED_FILES = ("commitment.json", "items.json", "judgments.json", "events.json")
STRICT_CONFIG = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True)
class CommitmentFile:
    """commitment.json, apart from its version and its nonce."""

    commitment: str
    design_sha256: str
    sealed_sha256: str
    code_and_digest: Annotated[list[tuple[str, str]], Field(alias="items")]
    receipt_key: str | None = None


@dataclass(frozen=True)
class UnblindedPart:
    """The files that only an unblinded export has."""

    design_content: JsonObject
    seal: SealContent
    frame: AnalysisFrame
    observations: list[Observation]
    analysis_content: JsonObject
    """The exported analysis, whatever its form: it is compared with a recomputed one."""


@dataclass(frozen=True)
class ExportedRound:
    """The content of an export."""

    title: str
    file_digests: dict[str, str]
    """The digest of every file except the list of digests, computed from the file."""
    listed_digests: dict[str, str] | None
    """The digests in digests.json; None if the export has no such file."""
    commitment: PublishedCommitment
    item_contents: list[ItemContent]
    chains: dict[str, list[ChainLink]]
    """{pseudonym: links in order}, by pseudonym."""
    events: list[EventLink]
    """The log, in order."""
    unblinded: UnblindedPart | None

    def last_event(self, action: EventAction) -> LogEntry | None:
        """The last event of a kind; None if there is none."""
        return next((link["event"] for link in reversed(self.events) if link["event"]["action"] == action), None)


_COMMITMENT = TypeAdapter(CommitmentFile)
_DIGESTS = TypeAdapter(dict[str, str])
_ITEMS = TypeAdapter(list[ItemContent], config=STRICT_CONFIG)
_JUDGMENTS = TypeAdapter(list[ChainLink], config=STRICT_CONFIG)
_EVENTS = TypeAdapter(list[EventLink], config=STRICT_CONFIG)
_OBJECT = TypeAdapter(JsonObject)


def read_export(path: Path) -> ExportedRound:
    """Read the export in the zip at `path`. Raises ExportError if it is not an export."""
    files = read_zip(path)
    missing = [name for name in REQUIRED_FILES if name not in files]
    if missing:
        msg = f"{path} has no {missing[0]}, so it is not a First Glance export; take the zip as it was downloaded"
        raise ExportError(msg)
    judgments = _read_verbatim(files, "judgments.json", _JUDGMENTS)
    events = _read_verbatim(files, "events.json", _EVENTS)
    has_digests = DIGESTS_FILE in files
    return ExportedRound(
        title=_read_title(files),
        file_digests={name: sha256(content) for name, content in files.items() if name != DIGESTS_FILE},
        listed_digests=_read_verbatim(files, DIGESTS_FILE, _DIGESTS) if has_digests else None,
        commitment=_read_commitment(files),
        item_contents=_read_verbatim(files, "items.json", _ITEMS),
        chains=chains_by_evaluator(judgments),
        events=sorted(events, key=lambda link: link["number"]),
        unblinded=_read_unblinded_part(files) if "allocation.json" in files else None,
    )


def _read_commitment(files: Mapping[str, bytes]) -> PublishedCommitment:
    file = _read(files, "commitment.json", _COMMITMENT)
    return PublishedCommitment(
        commitment=file.commitment,
        design_sha256=file.design_sha256,
        sealed_sha256=file.sealed_sha256,
        item_digests=dict(file.code_and_digest),
        receipt_key=file.receipt_key,
    )


def _read_unblinded_part(files: Mapping[str, bytes]) -> UnblindedPart:
    try:
        seal = SealContent.from_content(_read_json(files, "allocation.json"))
        frame = read_frame(_read_json(files, "frame.json"))
    except ValueError as error:
        problem = _first_problem(error)
        msg = f"allocation.json or frame.json in the export has another form ({problem}); download it again"
        raise ExportError(msg) from error
    return UnblindedPart(
        design_content=_read_verbatim(files, "design.json", _OBJECT),
        seal=seal,
        frame=frame,
        observations=observations_from_csv(_read_text(files, "observations.csv")),
        analysis_content=_read_verbatim(files, "analysis.json", _OBJECT),
    )


def _read_title(files: Mapping[str, bytes]) -> str:
    """The round's title in datapackage.json; empty without that file."""
    if "datapackage.json" not in files:
        return ""
    return str(_read_verbatim(files, "datapackage.json", _OBJECT).get("title"))


def _first_problem(value_error: ValueError) -> str:
    """What is wrong, in one line; of a validation error only its first problem."""
    if not isinstance(value_error, ValidationError):
        return str(value_error)
    return ": ".join(first_problem(value_error))


def _read(files: Mapping[str, bytes], name: str, adapter: TypeAdapter[Value]) -> Value:
    """Read a JSON file and convert it to its type. Raises ExportError if it has another form."""
    try:
        return adapter.validate_python(_read_json(files, name))
    except ValidationError as error:
        msg = f"{name} in the export has another form ({_first_problem(error)}); download it again"
        raise ExportError(msg) from error


def _read_verbatim(files: Mapping[str, bytes], name: str, adapter: TypeAdapter[Value]) -> Value:
    """Read a JSON file word for word after checking its form. Raises ExportError if it has another form."""
    _read(files, name, adapter)
    return cast("Value", _read_json(files, name))


def _read_json(files: Mapping[str, bytes], name: str) -> JsonValue:
    """Read a JSON file of the export. Raises ExportError if it is not JSON."""
    try:
        json_value: JsonValue = json.loads(_read_text(files, name))
    except ValueError as error:
        msg = f"{name} in the export is not JSON; download it again"
        raise ExportError(msg) from error
    return json_value


def _read_text(files: Mapping[str, bytes], name: str) -> str:
    """Read a text file of the export. Raises ExportError if it is missing or not UTF-8."""
    if name not in files:
        msg = f"the export has no {name}; take the zip as it was downloaded"
        raise ExportError(msg)
    try:
        return files[name].decode()
    except UnicodeDecodeError as error:
        msg = f"{name} in the export is not UTF-8 text; download it again"
        raise ExportError(msg) from error
