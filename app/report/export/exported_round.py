"""Reads an export: the evidence in its files, and nothing that follows from the evidence.

Views are not read here: `file_comparison` makes them again from the evidence and compares.
"""

from collections.abc import Iterator, Mapping, ValuesView
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from app.evidence.chains import chains_by_evaluator
from app.evidence.entries import in_written_order
from app.evidence.round_evidence import BlindedEvidence, Evidence
from app.evidence.stamp_checks import FILE_NAME
from app.foundation.digest import LARGEST_WRITTEN_OUT, in_key_order
from app.foundation.errors import ExportError, first_problem
from app.foundation.json_types import JsonObject, JsonValue
from app.foundation.typography import shortened
from app.report.export import evidence_forms as forms
from app.report.export.program_versions import ProgramVersions, read_program_versions
from app.report.export.released_0_1 import read_links_v1, read_unbound
from app.report.export.strict_json import read_strict_json
from app.report.export.zip_file import read_zip
from app.rounds.allocation import SealContent
from app.tasks.registry import DEFAULT_TASK, is_known


@dataclass(frozen=True)
class ExportedRound:
    """The content of an export."""

    files: Mapping[str, bytes]
    """{name: content} of every file."""
    version: int
    """Version of the export's form: 1 from version 0.1 of the program, and 2."""
    evidence: BlindedEvidence
    """What the export says happened; an `Evidence` with design and opened seal unless the export is blinded."""
    versions: ProgramVersions | None
    """Which versions say that they wrote the export; None if version 0.1 did."""
    public_design: JsonObject | None
    """The content of public_design.json, which only a blinded export has."""

    @property
    def unblinded(self) -> Evidence | None:
        """The evidence with design and opened seal; None in a blinded export."""
        return self.evidence if isinstance(self.evidence, Evidence) else None

    @cached_property
    def stamp_files(self) -> dict[str, bytes]:
        """{name: content} of the time stamps."""
        return {name: content for name, content in sorted(self.files.items()) if FILE_NAME.fullmatch(name)}


def read_export(path: Path) -> ExportedRound:
    """Read the export in the zip at `path`. Raises ExportError if it is not an export."""
    files = read_zip(path)
    if "commitment.json" not in files:
        msg = f"{path} has no commitment.json, so it is not a First Glance export; take the zip as it was downloaded"
        raise ExportError(msg)
    commitment = forms.COMMITMENT.read("commitment.json", read_json_file(files, "commitment.json"))
    blinded = _read_blinded_evidence(files, commitment)
    is_blinded = "allocation.json" not in files
    return ExportedRound(
        files=files,
        version=commitment.v,
        evidence=blinded if is_blinded else _read_evidence(files, blinded, commitment.v),
        versions=None if commitment.v == 1 else _read_versions(files),
        public_design=_read_object(files, "public_design.json") if is_blinded else None,
    )


def read_json_file(files: Mapping[str, bytes], name: str) -> JsonValue:
    """Read a JSON file of the export. Raises ExportError if it is missing or not JSON with a single meaning."""
    if name not in files:
        msg = f"the export has no {name}; take the zip as it was downloaded"
        raise ExportError(msg)
    try:
        return read_strict_json(files[name])
    except UnicodeDecodeError as error:
        msg = f"{name} in the export is not UTF-8 text; download it again"
        raise ExportError(msg) from error
    except ValueError as error:
        msg = f"{name} in the export is not JSON ({error}); download it again"
        raise ExportError(msg) from error


def _read_canonical(files: Mapping[str, bytes], name: str) -> JsonValue:
    """Read a JSON file of evidence that was digested, with its keys in order, whichever the file has.

    Raises ExportError if it writes whole numbers as 22.0 or -0.0: digests take them for 22 and 0, but the texts that
    are made of them do not.
    """
    json_value = read_json_file(files, name)
    fraction = next(
        (number for number in _fractions_in(json_value) if number.is_integer() and abs(number) < LARGEST_WRITTEN_OUT),
        None,
    )
    if fraction is not None:
        msg = f"{name} in the export has {fraction} for a whole number; take the zip as it was downloaded"
        raise ExportError(msg)
    return in_key_order(json_value)


def _fractions_in(json_value: JsonValue) -> Iterator[float]:
    """Every number that JSON writes with a fraction or an exponent."""
    if isinstance(json_value, float):
        yield json_value
    children = json_value.values() if isinstance(json_value, dict) else json_value
    if isinstance(children, list | ValuesView):
        for child in children:
            yield from _fractions_in(child)


def _read_blinded_evidence(files: Mapping[str, bytes], commitment: forms.CommitmentFile) -> BlindedEvidence:
    if commitment.v == 1:
        links = read_links_v1(
            forms.JUDGMENTS_V1.read_verbatim("judgments.json", read_json_file(files, "judgments.json"))
        )
    else:
        links = [
            {"evaluator": link["evaluator"], "number": link["number"], "chain": link["chain"], "entry": link["entry"]}
            for link in forms.CHAINS.read_verbatim("chains.json", _read_canonical(files, "chains.json"))
        ]
    events = forms.EVENTS.read_verbatim("events.json", read_json_file(files, "events.json"))
    is_open = commitment.v > 1 and not any(link["event"]["action"] == "locked" for link in events)
    items = [] if is_open and "items.json" not in files else read_json_file(files, "items.json")
    if commitment.v > 1:
        events, items = list(map(in_written_order, events)), in_key_order(items)
    if not events:
        msg = "events.json in the export is empty, but a round has a log; take the zip as it was downloaded"
        raise ExportError(msg)
    return BlindedEvidence(
        item_contents=forms.ITEMS.read_verbatim("items.json", items),
        published=commitment.published,
        chains=chains_by_evaluator(links),
        log=sorted(events, key=lambda link: link["number"]),
    )


def _read_evidence(files: Mapping[str, bytes], blinded: BlindedEvidence, version: int) -> Evidence:
    try:
        seal = SealContent.from_content(_read_canonical(files, "allocation.json"))
        bytes.fromhex(seal.nonce)
    except ValueError as error:
        problem = ": ".join(first_problem(error)) if isinstance(error, ValidationError) else str(error)
        msg = f"allocation.json in the export has another form ({problem}); take the zip as it was downloaded"
        raise ExportError(msg) from error
    evidence = Evidence(
        item_contents=blinded.item_contents,
        published=blinded.published,
        chains=blinded.chains,
        log=blinded.log,
        design_content=forms.OBJECT.read_verbatim("design.json", _read_canonical(files, "design.json")),
        seal=seal,
    )
    _require_known_task(evidence.design_content)
    if version > 1:
        return evidence
    frame_content = _read_object(files, "frame.json")
    return replace(evidence, unbound=read_unbound(frame_content, files.get("evaluators.csv", b"")))


def _require_known_task(design_content: JsonObject) -> None:
    """Raise ExportError if this program cannot read the words of the round's task."""
    task_name = design_content.get("task", DEFAULT_TASK)
    if not isinstance(task_name, str) or not is_known(task_name):
        msg = (
            f"the round's task, {shortened(str(task_name))}, is unknown to this program; verify the export with the "
            "program that made it, and with the verify.py in the zip, which needs to know no task"
        )
        raise ExportError(msg)


def _read_versions(files: Mapping[str, bytes]) -> ProgramVersions:
    try:
        return read_program_versions(read_json_file(files, "program.json"))
    except ValidationError as error:
        problem = ": ".join(first_problem(error))
        msg = f"program.json in the export has another form ({problem}); take the zip as it was downloaded"
        raise ExportError(msg) from error


def _read_object(files: Mapping[str, bytes], name: str) -> JsonObject:
    return forms.OBJECT.read_verbatim(name, read_json_file(files, name))
