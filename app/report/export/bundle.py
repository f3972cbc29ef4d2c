"""One zip that holds a round: what was decided, what was judged, what was opened, what came out.

The bytes depend on the content alone: files sorted, dates fixed. `verify_export` reads it back.
"""

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.evidence.chains import chains_by_evaluator
from app.evidence.entries import EventLink, JudgmentLink
from app.evidence.receipts import Receipt, make_receipt
from app.foundation.digest import sha256
from app.foundation.json_types import to_json_value
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.export.checklist import methods_checklist
from app.report.export.citation import citation
from app.report.export.figures import draw_figures
from app.report.export.markdown import write_markdown_report, write_readme
from app.report.export.metadata import datapackage
from app.report.export.neurons import NEURON_COLUMNS, neuron_rows
from app.report.export.pdf import pdf_available, write_pdf_report
from app.report.export.snippets import snippets_parquet
from app.report.export.tables import OBSERVATION_COLUMNS, csv_text, observation_rows
from app.rounds.allocation import SealContent
from app.rounds.item import ItemContent
from app.unblinding.observations import Observation

DATE = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say: exports of the same round are the same bytes."""
DIGESTS = "digests.json"
EVENT_COLUMNS = ("number", "at", "actor", "action", "detail", "chain")
EVALUATOR_COLUMNS = ("evaluator", "exposed", "joined_at", "erased", "aids_opened")
ITEM_COLUMNS = ("item", "digest", "passages", "tokens", "marked")
LOCKED = frozenset({"locked", "unblinded"})
"""States in which verdicts may leave the server."""


@dataclass(frozen=True)
class Bundle:
    """Everything that goes into an export, as plain JSON values."""

    round_id: str
    title: str
    state: str
    design: dict[str, Any]
    """Everything that was fixed; it names arms and archives, so a blinded export leaves it out."""
    items: list[ItemContent]
    opened: SealContent | None
    """What the seal held; None before unblinding."""
    commitment: dict[str, Any]
    """{"commitment", "design_sha256", "sealed_sha256", "items": [[code, digest], ...]}."""
    judgments: list[JudgmentLink]
    """Every chain, revisions included."""
    events: list[EventLink]
    """The log."""
    evaluators: list[dict[str, Any]]
    """{"evaluator", "exposed", "joined_at", "erased", "aids_opened"}, pseudonyms only."""
    observations: Sequence[Observation] = ()
    frame: AnalysisFrame | None = None
    analysis: Analysis | None = None
    public_design: dict[str, Any] = field(default_factory=dict)
    """The part of the design that evaluators may know."""


def export_zip(bundle: Bundle) -> bytes:
    """The unblinded export of a round."""
    return zipped(unblinded_files(bundle))


def blinded_zip(bundle: Bundle) -> bytes:
    """What may leave before unblinding: no arm anywhere, and verdicts only once the round is locked."""
    return zipped(blinded_files(bundle))


def unblinded_files(bundle: Bundle) -> dict[str, bytes]:
    """The files of an unblinded export, by name."""
    files = _common(bundle) | _judged(bundle) | _opened(bundle)
    files["README.md"] = write_readme(bundle.title, bundle.round_id, blinded=False).encode()
    return _described(files, bundle)


def blinded_files(bundle: Bundle) -> dict[str, bytes]:
    """The files of a blinded export, by name."""
    judged = _judged(bundle) if bundle.state in LOCKED else {"judgments.json": _json([])}
    files = _common(bundle) | judged | {"public_design.json": _json(bundle.public_design)}
    files["README.md"] = write_readme(bundle.title, bundle.round_id, blinded=True).encode()
    return _described(files, bundle)


def zipped(files: dict[str, bytes]) -> bytes:
    """A deterministic zip of `files`, with a list of their digests."""
    listed = files | {DIGESTS: _json({name: sha256(content) for name, content in sorted(files.items())})}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(listed):
            entry = zipfile.ZipInfo(name, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, listed[name])
    return target.getvalue()


def _common(bundle: Bundle) -> dict[str, bytes]:
    digests = dict(bundle.commitment["items"])
    return {
        "commitment.json": _json({"v": 1} | bundle.commitment),
        "items.json": _json(sorted(bundle.items, key=lambda one: str(one["code"]))),
        "items.csv": csv_text(ITEM_COLUMNS, (_item_row(one, digests) for one in bundle.items)).encode(),
        "evaluators.csv": csv_text(EVALUATOR_COLUMNS, bundle.evaluators).encode(),
        "events.csv": csv_text(EVENT_COLUMNS, (_event_row(one) for one in bundle.events)).encode(),
        "events.json": _json(bundle.events),
        "verify.py": (Path(__file__).parent / "verify_standalone.py").read_bytes(),
    }


def _judged(bundle: Bundle) -> dict[str, bytes]:
    return {
        "judgments.json": _json(bundle.judgments),
        "receipts.json": _json([receipt.model_dump() for receipt in _receipts(bundle)]),
    }


def _receipts(bundle: Bundle) -> list[Receipt]:
    """What each evaluator's own receipt must say."""
    commitment = bundle.commitment["commitment"]
    chains = chains_by_evaluator(bundle.judgments)
    return [make_receipt(evaluator, commitment, links) for evaluator, links in chains.items()]


def _opened(bundle: Bundle) -> dict[str, bytes]:
    if bundle.opened is None or bundle.frame is None or bundle.analysis is None:
        msg = "an unblinded export needs the opened seal, the frame and the analysis"
        raise AssertionError(msg)
    nonce = {"v": 1, "nonce": bundle.opened.nonce}
    return {
        "design.json": _json(bundle.design),
        "allocation.json": _json(bundle.opened.as_sealed),
        "commitment.json": _json(bundle.commitment | nonce),
        "frame.json": _json(bundle.frame.content()),
        "analysis.json": _json(bundle.analysis.content()),
        "observations.csv": csv_text(OBSERVATION_COLUMNS, observation_rows(bundle.observations)).encode(),
        "neurons.csv": csv_text(NEURON_COLUMNS, neuron_rows(bundle.opened.allocation, bundle.observations)).encode(),
    } | _told(bundle, bundle.frame, bundle.analysis)


def _told(bundle: Bundle, frame: AnalysisFrame, analysis: Analysis) -> dict[str, bytes]:
    """The report in its forms, and what others ask about methods."""
    commitment = bundle.commitment["commitment"]
    drawn = draw_figures(analysis)
    told = {
        "report.md": write_markdown_report(bundle.title, commitment, analysis, frame).encode(),
        "methods.json": _json(
            to_json_value(methods_checklist(bundle.title, bundle.design, commitment, frame, analysis))
        ),
        "CITATION.cff": citation(bundle.title, analysis.headline, commitment).encode(),
        "snippets.parquet": snippets_parquet(bundle.items),
    }
    if pdf_available():
        images = {name: content for name, content in drawn.items() if name.endswith(".svg")}
        told["report.pdf"] = write_pdf_report(bundle.title, commitment, analysis, frame, images)
    return told | drawn


def _described(files: dict[str, bytes], bundle: Bundle) -> dict[str, bytes]:
    return files | {"datapackage.json": _json(datapackage(bundle.round_id, bundle.title, files))}


def _json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return (json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def _item_row(content: ItemContent, digests: dict[str, str]) -> dict[str, Any]:
    passages = content["passages"]
    return {
        "item": content["code"],
        "digest": digests.get(content["code"], ""),
        "passages": len(passages),
        "tokens": sum(len(one["texts"]) for one in passages),
        "marked": sum(level > 0 for one in passages for level in one["levels"]),
    }


def _event_row(link: EventLink) -> dict[str, Any]:
    event = link["event"]
    detail = json.dumps(event["detail"], ensure_ascii=False, sort_keys=True)
    return {
        "number": event["number"],
        "at": event["at"],
        "actor": event["actor"],
        "action": event["action"],
        "detail": detail,
        "chain": link["chain"],
    }
