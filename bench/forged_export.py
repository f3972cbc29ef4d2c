"""Change the files of an export as someone who knows the program well, and make everything above the change fit again.

What follows from changed evidence is computed by the program itself, so a forged export is consistent in itself.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import NamedTuple, cast

from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.entries import ChainEntry, LogEntry
from app.evidence.signing import SIGNATURE, SigningKey, sign_event
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.json_types import JsonObject
from app.report.analysis.analysis import analyse, read_analysis
from app.report.analysis.frame import read_frame
from app.report.export.bundle import Files, describing_files, unblinded_files
from app.report.export.exported_round import ExportedRound, read_export
from app.report.export.rebuilt_files import rebuild_files
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE, json_bytes, pack_files, zip_files
from app.report.result import RoundResult, result_of
from app.rounds.commitment import commitment_digest, item_digest
from app.rounds.unit_words import UnitWords
from app.tasks.item import ItemContent
from bench.changed_values import ContentChange, change_byte, change_csv, change_json, change_line
from bench.honest_round import TITLE, HonestRound

EVIDENCE = ("design.json", "allocation.json", "commitment.json", "items.json", "chains.json", "events.json")
"""The files that decide the result; every other file follows from them."""
ENOUGH_FOR_AN_ANALYSIS = ("frame.json", "analysis.json")
"""The views from which a forger can compute numbers and texts with the program's own functions."""
TEXT_ENDINGS = (".md", ".cff", ".py", ".svg")


class FileChange(NamedTuple):
    """The files of an export of which one was changed."""

    files: Files
    name: str
    """The file that was changed."""
    where: str


class EvidenceTexts:
    """The evidence in an export's files as JSON values that can be changed, and be made to fit together again."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        evidence_documents: dict[str, JsonObject] = {name: json.loads(files[name]) for name in EVIDENCE}
        self.design, self.seal, self.commitment = (evidence_documents[name] for name in EVIDENCE[:3])
        self.items = cast("list[ItemContent]", evidence_documents["items.json"])
        self.links = cast("list[JsonObject]", evidence_documents["chains.json"])
        self.log = cast("list[JsonObject]", evidence_documents["events.json"])

    def files(self) -> Files:
        """The six files."""
        documents = (self.design, self.seal, self.commitment, self.items, self.links, self.log)
        return {name: json_bytes(document) for name, document in zip(EVIDENCE, documents, strict=True)}

    def event(self, action: str) -> JsonObject:
        """The last event with this action."""
        events = [cast("JsonObject", link["event"]) for link in self.log]
        return next(event for event in reversed(events) if event["action"] == action)

    def detail(self, action: str) -> JsonObject:
        """The detail of the last event with this action."""
        return cast("JsonObject", self.event(action)["detail"])

    def judgments(self) -> list[JsonObject]:
        """The content of every judgment, by evaluator."""
        contents = [cast("JsonObject", link["entry"]) for link in self.links]
        return [content for content in contents if content["kind"] == "judgment"]

    def cells(self) -> list[JsonObject]:
        """The sealed counts of each arm."""
        return cast("list[JsonObject]", cast("JsonObject", self.seal["allocation"])["cells"])

    def allocated_items(self) -> list[JsonObject]:
        """Which neuron each item shows."""
        return cast("list[JsonObject]", cast("JsonObject", self.seal["allocation"])["items"])

    def add_event(self, action: str, detail: JsonObject, index: int | None = None) -> None:
        """Put an event into the log, by default at its end."""
        position = len(self.log) if index is None else index
        neighbour = cast("JsonObject", self.log[position - 1]["event"])
        self.log.insert(position, {"number": 0, "chain": "", "event": neighbour | {"action": action, "detail": detail}})

    def rewrite_chains(self) -> None:
        """Number the entries of every evaluator, and make the digests follow from the commitment."""
        ends: dict[str, tuple[int, str]] = {}
        for link in self.links:
            name, entry = str(link["evaluator"]), cast("JsonObject", link["entry"])
            number, previous = ends.get(name, (0, str(self.commitment["commitment"])))
            entry |= {"number": number, "evaluator": name}
            link |= {"number": number, "chain": chain_digest(previous, cast("ChainEntry", entry))}
            ends[name] = number + 1, str(link["chain"])

    def rewrite_lock(self) -> None:
        """Let the log's entry of the lock name the ends that the chains have now."""
        roster = cast("dict[str, JsonObject]", self.detail("locked")["evaluators"])
        for name, enrolment in roster.items():
            own = [link for link in self.links if link["evaluator"] == name]
            head = own[-1]["chain"] if own else self.commitment["commitment"]
            enrolment |= {"entries": len(own), "head": head}

    def rewrite_log(self, signing_key: SigningKey) -> None:
        """Number the events, make their digests follow from one another, and sign again those that are signed."""
        previous = START_OF_LOG
        for number, link in enumerate(self.log):
            event = cast("JsonObject", link["event"])
            event["number"] = number
            detail = cast("JsonObject", event["detail"])
            if SIGNATURE in detail:
                detail[SIGNATURE] = sign_event(signing_key, previous, cast("LogEntry", event))
            previous = chain_digest(previous, cast("LogEntry", event))
            link |= {"number": number, "chain": previous}

    def commit_again(self) -> None:
        """Commit to design, seal and items as they are now, and let the log say so."""
        nonce, receipt_key = str(self.seal["nonce"]), self.commitment["receipt_key"]
        digests = {item["code"]: item_digest(item, nonce) for item in self.items}
        facts: JsonObject = {
            "design_sha256": sha256_of_json(self.design),
            "sealed_sha256": sha256_of_json(self.seal),
        }
        facts["commitment"] = commitment_digest(
            str(facts["design_sha256"]), digests, str(facts["sealed_sha256"]), str(receipt_key)
        )
        self.commitment |= facts | {"items": [[code, digests[code]] for code in sorted(digests)], "nonce": nonce}
        for link in self.log:
            detail = cast("JsonObject", cast("JsonObject", link["event"])["detail"])
            detail |= {name: facts[name] for name in facts.keys() & detail.keys()}

    def rewrite(self, depth: str, signing_key: SigningKey) -> None:
        """Make everything above a change fit again, as deep as `depth` says."""
        if depth == "commitment":
            self.commit_again()
        self.rewrite_chains()
        self.rewrite_lock()
        self.rewrite_log(signing_key)


def change_random_value(files: Files, generator: Random) -> FileChange:
    """Change a random value of a random file; the evidence is changed as often as all other files together."""
    evidence = [name for name in EVIDENCE if name in files]
    name = generator.choice(evidence if generator.random() < 0.5 else sorted(files))
    change = _changed_content(name, files[name], generator)
    return FileChange(files | {name: change.file_bytes}, name, f"{name} {change.where}")


def make_files_fit(file_change: FileChange, honest: HonestRound, depth: str, folder: Path) -> Files:
    """The files with everything above the change rewritten, as deep as `depth` says.

    Raises any error if the changed file has a form with which the program cannot compute; then a forger stops there.
    """
    files = file_change.files
    if depth in ("value", "digests"):
        return files
    if file_change.name in EVIDENCE:
        evidence_texts = EvidenceTexts(files)
        evidence_texts.rewrite(depth, honest.signing_key)
        return views_of_forged_evidence(files, evidence_texts, honest, folder)
    if file_change.name in ENOUGH_FOR_AN_ANALYSIS:
        return files_of_forged_view(files, file_change.name, read_files(files, honest, folder))
    return files


def views_of_forged_evidence(files: Files, evidence_texts: EvidenceTexts, honest: HonestRound, folder: Path) -> Files:
    """All files, made again by the program from forged evidence, with a digest of the result in the log that fits."""
    export = read_files(files | evidence_texts.files(), honest, folder)
    assert export.unblinded is not None
    result = result_of(export.unblinded)
    opened = canonical_bytes(export.unblinded.seal.as_sealed).decode()
    stored = [opened, json.dumps(result.analysis.content()), json.dumps(result.frame.content())]
    evidence_texts.detail("unblinded")["result_sha256"] = sha256_of_json(stored)
    evidence_texts.rewrite_log(honest.signing_key)
    export = read_files(files | evidence_texts.files(), honest, folder)
    return {**files, **rebuild_files(export, result), **evidence_texts.files()}


def describe_again(files: Files, honest: HonestRound) -> Files:
    """The files, with a README and a data package that describe them as they are now."""
    described = {name: content for name, content in files.items() if name not in (DIGESTS_FILE, SIGNATURE_FILE)}
    return files | describing_files(described, TITLE, honest.round_id, UnitWords({}), blinded=False)


def files_of_forged_view(files: Files, name: str, export: ExportedRound) -> Files:
    """All files, made again by the program from a forged frame or analysis."""
    assert export.unblinded is not None
    honest_result = result_of(export.unblinded)
    observations, frame, analysis = honest_result.observations, honest_result.frame, honest_result.analysis
    if name == "frame.json":
        frame = read_frame(json.loads(files[name]))
        analysis = analyse(observations, frame, honest_result.items)
    else:
        analysis = read_analysis(json.loads(files[name]))
    return files_of_result(RoundResult(observations, frame, analysis), export) | {name: files[name]}


def files_of_result(result: RoundResult, export: ExportedRound) -> Files:
    """All files of an export with this evidence and a forged result."""
    assert export.unblinded is not None
    return unblinded_files(export.unblinded, result, export.stamp_files)


def read_files(files: Mapping[str, bytes], honest: HonestRound, folder: Path) -> ExportedRound:
    """Read an export that consists of these files."""
    return read_export(write_export(files, honest.signing_key, folder))


def write_export(
    files: Mapping[str, bytes], signing_key: SigningKey | None, folder: Path, *, fits: bool = True
) -> Path:
    """Write these files as an export; if it `fits`, with a new list of digests, which the key signs if there is one."""
    path = folder / "forged.zip"
    if fits:
        listed = {name: content for name, content in files.items() if name not in (DIGESTS_FILE, SIGNATURE_FILE)}
        path.write_bytes(zip_files(listed, signing_key))
        return path
    path.write_bytes(pack_files(files))
    return path


def _changed_content(name: str, file_bytes: bytes, generator: Random) -> ContentChange:
    if name.endswith(".json"):
        document, where = change_json(json.loads(file_bytes), generator)
        return ContentChange(json_bytes(document), where)
    if name.endswith(".csv"):
        return change_csv(file_bytes, generator)
    if name.endswith(TEXT_ENDINGS) and generator.random() < 0.9:
        return change_line(file_bytes, generator)
    return change_byte(file_bytes, generator)
