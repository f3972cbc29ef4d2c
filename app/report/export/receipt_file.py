"""The file that an evaluator downloaded: their receipt, and their own copy of their chain."""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from app.evidence.receipt_findings import ReceiptFinding, judge_receipt
from app.evidence.receipts import CommittedRound, Receipt, ReceiptV1, read_receipt
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject
from app.report.export.exported_round import ExportedRound

CHAIN_PARTS = ("judgments", "flags", "aids_opened", "phase_2")
"""The parts of the file whose entries stand in the evaluator's chain."""
_OBJECT = TypeAdapter(JsonObject)


@dataclass(frozen=True)
class ReceiptFile:
    """What the file says about the evaluator's chain."""

    receipt: Receipt | ReceiptV1
    own_chain: dict[int, str]
    """{number of an entry: its chain digest}"""


def read_receipt_file(path: Path) -> ReceiptFile:
    """Read the file that an evaluator downloaded. Raises ExportError if it cannot be read, or has no receipt."""
    try:
        own_file = _OBJECT.validate_python(json.loads(path.read_text(encoding="utf-8")))
        return ReceiptFile(read_receipt(_OBJECT.validate_python(own_file.get("receipt"))), _own_chain(own_file))
    except (OSError, ValueError) as error:
        msg = f"{path} holds no receipt; use the file as the evaluator downloaded it from the last page"
        raise ExportError(msg) from error


def judge_receipt_file(receipt_file: ReceiptFile, export: ExportedRound) -> ReceiptFinding:
    """Judge the receipt in an evaluator's file against an export."""
    links = export.evidence.chains.get(receipt_file.receipt.evaluator, [])
    return judge_receipt(receipt_file.receipt, committed_round(export), links, receipt_file.own_chain)


def committed_round(export: ExportedRound) -> CommittedRound:
    """What the export says about its round."""
    evidence = export.evidence
    return CommittedRound(
        round_id=evidence.round_id,
        commitment=evidence.published.commitment,
        receipt_key=evidence.published.receipt_key,
        lock=evidence.lock_digest,
    )


def _own_chain(own_file: JsonObject) -> dict[int, str]:
    """The chain digests of all entries; version 0.1 wrote none for flags, aids and the last question."""
    parts = [part for name in CHAIN_PARTS if isinstance(part := own_file.get(name), list)]
    entries = [entry for part in parts for entry in part if isinstance(entry, dict)]
    pairs = [(entry.get("number"), entry.get("chain")) for entry in entries]
    return {number: chain for number, chain in pairs if isinstance(number, int) and isinstance(chain, str)}
