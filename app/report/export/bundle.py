"""The export of a round: one zip with its design, its judgments, its opened seal and its results.

The bytes depend on the content alone: files sorted, dates fixed. `exported_round` reads it back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.evidence.chains import chains_by_evaluator
from app.evidence.entries import ChainLink, EventLink
from app.evidence.receipts import make_receipt_v1
from app.foundation.json_types import JsonObject, to_json_value
from app.report.analysis.analysis import Analysis
from app.report.analysis.frame import AnalysisFrame
from app.report.export.checklist import methods_checklist
from app.report.export.figures import draw_figures
from app.report.export.markdown import write_markdown_report, write_readme
from app.report.export.metadata import describe_package, write_citation
from app.report.export.observations_csv import write_observations
from app.report.export.pdf import pdf_available, write_pdf_report
from app.report.export.tables import (
    EventTableRow,
    ExportedEvaluator,
    ItemTableRow,
    NeuronRow,
    event_rows,
    item_rows,
    neuron_rows,
    write_csv,
    write_snippets_parquet,
)
from app.report.export.zip_file import json_bytes, zip_files
from app.rounds.allocation import SealContent
from app.rounds.commitment import PublishedCommitment
from app.rounds.item import ItemContent
from app.rounds.lifecycle import State, is_locked
from app.unblinding.observations import Observation

FORMAT_VERSION = 1

Files = dict[str, bytes]
"""{name: content}"""


@dataclass(frozen=True)
class BlindedBundle:
    """Everything that may leave the server before unblinding."""

    round_id: str
    title: str
    state: State
    public_design: JsonObject
    """The part of the design that names no arm and no archive."""
    item_contents: Sequence[ItemContent]
    commitment: PublishedCommitment
    judgment_links: Sequence[ChainLink]
    """Every chain, revisions included."""
    event_links: Sequence[EventLink]
    """The log."""
    exported_evaluators: Sequence[ExportedEvaluator]


@dataclass(frozen=True)
class UnblindedBundle(BlindedBundle):
    """Everything that goes into the export of an unblinded round."""

    design_content: JsonObject
    """Everything that was fixed before the first judgment."""
    seal: SealContent
    observations: Sequence[Observation]
    frame: AnalysisFrame
    analysis: Analysis


def unblinded_zip(bundle: UnblindedBundle) -> bytes:
    """The export of an unblinded round."""
    return zip_files(unblinded_files(bundle))


def blinded_zip(bundle: BlindedBundle) -> bytes:
    """The export of a round before unblinding, which names no arm, and has verdicts only once the round is locked."""
    return zip_files(blinded_files(bundle))


def unblinded_files(bundle: UnblindedBundle) -> Files:
    """The files of an unblinded export."""
    commitment = {**_commitment_json(bundle.commitment), "v": FORMAT_VERSION, "nonce": bundle.seal.nonce}
    files = _common_files(bundle) | _chain_files(bundle) | _opened_files(bundle) | _report_files(bundle)
    files["commitment.json"] = json_bytes(commitment)
    files["README.md"] = write_readme(bundle.title, bundle.round_id, blinded=False).encode()
    return _with_package_description(files, bundle)


def blinded_files(bundle: BlindedBundle) -> Files:
    """The files of a blinded export."""
    judgment_files = _chain_files(bundle) if is_locked(bundle.state) else {"judgments.json": json_bytes([])}
    files = _common_files(bundle) | judgment_files
    files["commitment.json"] = json_bytes({"v": FORMAT_VERSION, **_commitment_json(bundle.commitment)})
    files["public_design.json"] = json_bytes(bundle.public_design)
    files["README.md"] = write_readme(bundle.title, bundle.round_id, blinded=True).encode()
    return _with_package_description(files, bundle)


def _commitment_json(commitment: PublishedCommitment) -> JsonObject:
    return {
        "commitment": commitment.commitment,
        "design_sha256": commitment.design_sha256,
        "sealed_sha256": commitment.sealed_sha256,
        "items": [[code, digest] for code, digest in commitment.item_digests.items()],
        "receipt_key": commitment.receipt_key,
    }


def _common_files(bundle: BlindedBundle) -> Files:
    """The files of both kinds of export, apart from commitment.json and README.md."""
    return {
        "items.json": json_bytes(sorted(bundle.item_contents, key=lambda item: item["code"])),
        "items.csv": write_csv(ItemTableRow, item_rows(bundle.item_contents, bundle.commitment.item_digests)).encode(),
        "evaluators.csv": write_csv(ExportedEvaluator, bundle.exported_evaluators).encode(),
        "events.csv": write_csv(EventTableRow, event_rows(bundle.event_links)).encode(),
        "events.json": json_bytes(bundle.event_links),
        "verify.py": (Path(__file__).parent / "verify_standalone.py").read_bytes(),
    }


def _chain_files(bundle: BlindedBundle) -> Files:
    """The judgments, and what each evaluator's receipt must say."""
    chains = chains_by_evaluator(bundle.judgment_links)
    receipts = [make_receipt_v1(name, bundle.commitment.commitment, links) for name, links in chains.items()]
    return {
        "judgments.json": json_bytes(bundle.judgment_links),
        "receipts.json": json_bytes(to_json_value(receipts)),
    }


def _opened_files(bundle: UnblindedBundle) -> Files:
    """The opened seal and the results."""
    neurons = neuron_rows(bundle.seal.allocation, bundle.observations)
    return {
        "design.json": json_bytes(bundle.design_content),
        "allocation.json": json_bytes(bundle.seal.as_sealed),
        "frame.json": json_bytes(bundle.frame.content()),
        "analysis.json": json_bytes(bundle.analysis.content()),
        "observations.csv": write_observations(bundle.observations).encode(),
        "neurons.csv": write_csv(NeuronRow, neurons).encode(),
        "snippets.parquet": write_snippets_parquet(bundle.item_contents),
    }


def _report_files(bundle: UnblindedBundle) -> Files:
    """The report in all its formats, and the methods checklist."""
    title, frame, analysis = bundle.title, bundle.frame, bundle.analysis
    commitment = bundle.commitment.commitment
    checklist = methods_checklist(title, bundle.design_content, commitment, frame, analysis)
    figures = draw_figures(analysis)
    files = {
        "report.md": write_markdown_report(title, commitment, analysis, frame).encode(),
        "methods.json": json_bytes(checklist.content()),
        "CITATION.cff": write_citation(title, analysis.headline, commitment).encode(),
    }
    if pdf_available():
        images = {name: content for name, content in figures.items() if name.endswith(".svg")}
        files["report.pdf"] = write_pdf_report(title, commitment, analysis, frame, images)
    return files | figures


def _with_package_description(files: Files, bundle: BlindedBundle) -> Files:
    return files | {"datapackage.json": json_bytes(describe_package(bundle.round_id, bundle.title, files))}
