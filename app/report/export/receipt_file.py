"""The file that an evaluator downloaded: their receipt, and their own copy of their chain."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter

from app.evidence.entries import ChainLink
from app.evidence.own_answers import OwnAnswers
from app.evidence.receipt_findings import ReceiptFinding, judge_receipt
from app.evidence.receipts import CommittedRound, Receipt, ReceiptV1, read_receipt
from app.foundation.errors import ExportError, FirstGlanceError
from app.foundation.files import read_small_file
from app.foundation.json_types import JsonObject, JsonValue
from app.report.export import evidence_forms as forms
from app.report.export.exported_round import ExportedRound
from app.report.export.strict_json import read_strict_json

CHAIN_PARTS = ("judgments", "flags", "aids_opened", "phase_2")
"""The parts of the file whose entries stand in the evaluator's chain."""
LARGEST_FILE = 1 << 26
"""The largest file in bytes that is read; thousands of answers make a small part of it."""
_OBJECT = TypeAdapter(JsonObject)


@dataclass(frozen=True)
class ReceiptFile:
    """What the file says about the evaluator's chain."""

    receipt: Receipt | ReceiptV1
    own_answers: OwnAnswers | None
    """The evaluator's answers; None if the file has nothing but a receipt."""


def read_receipt_file(path: Path) -> ReceiptFile:
    """Read the file that an evaluator downloaded. Raises ExportError if it cannot be read, or has no receipt."""
    try:
        own_file = _OBJECT.validate_python(read_strict_json(read_small_file(path, LARGEST_FILE)))
        receipt = read_receipt(_OBJECT.validate_python(own_file.get("receipt")))
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        msg = f"{path} holds no receipt; use the file as the evaluator downloaded it from the last page"
        raise ExportError(msg) from error
    return ReceiptFile(receipt, _read_own_answers(own_file, receipt))


def judge_receipt_file(receipt_file: ReceiptFile, export: ExportedRound) -> ReceiptFinding:
    """Judge the receipt in an evaluator's file, and the evaluator's own answers beside it, against an export."""
    evaluator = receipt_file.receipt.evaluator
    return judge_receipt(
        receipt_file.receipt,
        committed_round(export),
        export.evidence.chains.get(evaluator, []),
        receipt_file.own_answers,
        is_enrolled=_is_enrolled(export, evaluator),
        erasure_times=_possible_erasures(export, evaluator),
    )


def committed_round(export: ExportedRound) -> CommittedRound:
    """What the export says about its round."""
    evidence = export.evidence
    return CommittedRound(
        round_id=evidence.round_id,
        commitment=evidence.published.commitment,
        receipt_key=evidence.published.receipt_key,
        lock=evidence.lock_digest,
    )


def _is_enrolled(export: ExportedRound, evaluator: str) -> bool:
    """Whether the export names the evaluator, or cannot: it is from before the lock, or version 0.1 locked it."""
    evidence = export.evidence
    if evaluator in evidence.chains or evidence.lock_digest is None:
        return True
    try:
        return evidence.locked_by_version_0_1 or evaluator in evidence.roster
    except (FirstGlanceError, ValueError):
        return True  # a forged lock, which the checks of the evidence name


def _possible_erasures(export: ExportedRound, evaluator: str) -> list[str]:
    """When evaluators had everything deleted before the lock; none if nobody of this name can be among them.

    Whoever the export still names was not erased, unless the name was given again and so invited twice.
    """
    events = [link["event"] for link in export.evidence.log_until_lock]
    erased = [event for event in events if event["action"] == "erased"]
    invited = [
        event for event in events if event["action"] == "invited" and event["detail"].get("evaluator") == evaluator
    ]
    if _is_enrolled(export, evaluator) and len(invited) < 2:
        return []
    return [f"{event['at'][:10]} at {event['at'][11:16]} UTC" for event in erased]


def _read_own_answers(own_file: JsonObject, receipt: Receipt | ReceiptV1) -> OwnAnswers | None:
    if not any(name in own_file for name in CHAIN_PARTS):
        return None
    parts = {name: own_file.get(name, []) for name in CHAIN_PARTS}
    foreign_count = sum(not isinstance(part, list) for part in parts.values())
    links: list[ChainLink] = []
    for name, part in parts.items():
        for answer in part if isinstance(part, list) else []:
            link = _read_link(answer)
            if link is not None:
                links.append(link)
            elif not _is_outside_chain(answer, name, receipt):
                foreign_count += 1
    return OwnAnswers(sorted(links, key=lambda link: link["number"]), foreign_count)


def _read_link(answer: JsonValue) -> ChainLink | None:
    """The entry with its digest, exactly as the chain has it; None if it has another form."""
    if not isinstance(answer, dict):
        return None
    entry = {name: value for name, value in answer.items() if name != "chain"}
    parts = {"evaluator": answer.get("evaluator"), "number": answer.get("number"), "chain": answer.get("chain")}
    link = cast("ChainLink", parts | {"entry": entry})
    return link if forms.CHAINS.has_form([link]) else None


def _is_outside_chain(answer: JsonValue, part_name: str, receipt: Receipt | ReceiptV1) -> bool:
    """Whether it is a flag, an opening of aids or a guess as version 0.1 stored it, outside the chain."""
    is_old = isinstance(receipt, ReceiptV1) and part_name != "judgments"
    return is_old and isinstance(answer, dict) and not answer.keys() & {"number", "chain"}
