"""The export of a round: one zip with its evidence, and with every view of it.

Every file is a function of the evidence, of the public design before the unblinding, and of nothing else, so
`firstglance verify` makes each of them again. The bytes depend on the content alone: files sorted, dates fixed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.evidence.draws import steps_of_log
from app.evidence.entries import ChainLink, in_written_order
from app.evidence.receipts import make_receipt_v1
from app.evidence.round_evidence import BlindedEvidence, Evidence
from app.evidence.signing import SigningKey
from app.foundation.digest import in_key_order
from app.foundation.json_types import JsonObject, to_json_value
from app.report.export.checklist import methods_checklist
from app.report.export.figures import draw_figures
from app.report.export.markdown import write_markdown_report
from app.report.export.metadata import describe_package, write_citation
from app.report.export.observations_csv import write_observations
from app.report.export.pdf import pdf_available, write_pdf_report
from app.report.export.program_versions import installed_versions
from app.report.export.readme import SCRIPT_FILE, write_readme
from app.report.export.tables import (
    RELEASED_COLUMNS,
    EventTableRow,
    ExportedEvaluator,
    ItemTableRow,
    NeuronRow,
    evaluator_rows,
    event_rows,
    item_rows,
    neuron_rows,
    write_csv,
    write_snippets_parquet,
)
from app.report.export.zip_file import DIGESTS_FILE, SIGNATURE_FILE, json_bytes, zip_files
from app.report.preregistration import PREREGISTRATION_FILE, notes_on_other_draws, write_preregistration
from app.report.result import RoundResult
from app.rounds.unit_words import UnitWords

FORMAT_VERSION = 2
README_FILE = "README.md"
SCRIPT = Path(__file__).parent / "verify_standalone.py"
PACKAGE_FILE = "datapackage.json"

Files = dict[str, bytes]
"""{name: content}"""


@dataclass(frozen=True)
class BlindedBundle:
    """Everything that may leave the server before unblinding."""

    evidence: BlindedEvidence
    public_design: JsonObject
    """The part of the design that names no arm and no archive."""
    stamp_files: Mapping[str, bytes] = field(default_factory=dict)
    """{name of a file in the export: time stamp}"""


@dataclass(frozen=True)
class UnblindedBundle:
    """Everything that goes into the export of an unblinded round."""

    evidence: Evidence
    result: RoundResult
    """The result that follows from the evidence."""
    stamp_files: Mapping[str, bytes] = field(default_factory=dict)
    """{name of a file in the export: time stamp}"""


def unblinded_zip(bundle: UnblindedBundle, signing_key: SigningKey | None = None) -> bytes:
    """The export of an unblinded round, signed if the round has a key."""
    return zip_files(unblinded_files(bundle.evidence, bundle.result, bundle.stamp_files), signing_key)


def blinded_zip(bundle: BlindedBundle, signing_key: SigningKey | None = None) -> bytes:
    """The export of a round before unblinding, which names no arm, and has verdicts only once the round is locked."""
    return zip_files(blinded_files(bundle.evidence, bundle.public_design, bundle.stamp_files), signing_key)


def unblinded_files(evidence: Evidence, result: RoundResult, stamp_files: Mapping[str, bytes]) -> Files:
    """Every file of an unblinded export, apart from the list of digests and its signature."""
    files = _common_files(evidence) | _item_files(evidence) | _chain_files(evidence) | dict(stamp_files)
    files |= _opened_files(evidence, result) | _report_files(evidence, result)
    files["commitment.json"] = json_bytes(commitment_content(evidence) | {"nonce": evidence.seal.nonce})
    return files | describing_files(
        files, evidence.design.title, evidence.round_id, evidence.design.unit_words, blinded=False
    )


def blinded_files(evidence: BlindedEvidence, public_design: JsonObject, stamp_files: Mapping[str, bytes]) -> Files:
    """Every file of a blinded export, apart from the list of digests and its signature.

    Before the lock it has neither answers nor items: whoever has the archives finds an item's neuron by its text.
    """
    is_locked = evidence.lock_digest is not None
    files = _common_files(evidence)
    files |= _item_files(evidence) | _chain_files(evidence) if is_locked else {"chains.json": json_bytes([])}
    files |= {"commitment.json": json_bytes(commitment_content(evidence))} | dict(stamp_files)
    files["public_design.json"] = json_bytes(in_key_order(public_design))
    return files | describing_files(files, str(public_design["title"]), evidence.round_id, UnitWords({}), blinded=True)


def describing_files(
    files: Mapping[str, bytes], title: str, round_id: str, unit_words: UnitWords, *, blinded: bool
) -> Files:
    """The two files that describe all others: README.md and datapackage.json."""
    described = {name: content for name, content in files.items() if name not in (README_FILE, PACKAGE_FILE)}
    names = [*described, PACKAGE_FILE, DIGESTS_FILE, SIGNATURE_FILE]
    described[README_FILE] = write_readme(title, round_id, names, unit_words, blinded=blinded).encode()
    package = json_bytes(describe_package(round_id, title, described, unit_words))
    return {README_FILE: described[README_FILE], PACKAGE_FILE: package}


def commitment_content(evidence: BlindedEvidence) -> JsonObject:
    """commitment.json, without the nonce that an unblinded export adds."""
    published = evidence.published
    return {
        "v": FORMAT_VERSION,
        "commitment": published.commitment,
        "design_sha256": published.design_sha256,
        "sealed_sha256": published.sealed_sha256,
        "items": [[code, digest] for code, digest in published.item_digests.items()],
        "receipt_key": published.receipt_key,
    }


def chain_links(evidence: BlindedEvidence) -> list[ChainLink]:
    """Every entry of every chain, by pseudonym and number."""
    return [link for _, links in sorted(evidence.chains.items()) for link in links]


def _common_files(evidence: BlindedEvidence) -> Files:
    """The files of both kinds of export at any time, apart from those that name the kind."""
    return {
        "events.csv": write_csv(EventTableRow, event_rows(evidence.log)),
        "events.json": json_bytes([in_written_order(link) for link in evidence.log]),
        "program.json": json_bytes(installed_versions().model_dump()),
        **({} if evidence.locked_by_version_0_1 else {SCRIPT_FILE: SCRIPT.read_bytes()}),
    }


def _item_files(evidence: BlindedEvidence) -> Files:
    """Since the lock: the items as they were judged."""
    contents = sorted(evidence.item_contents, key=lambda item: item["code"])
    digests = evidence.published.item_digests
    return {
        "items.json": json_bytes(in_key_order(to_json_value(contents))),
        "items.csv": write_csv(ItemTableRow, item_rows(contents, digests)),
    }


def _chain_files(evidence: BlindedEvidence) -> Files:
    """Since the lock: all entries, who made them, and what each evaluator's receipt must say."""
    commitment = evidence.published.commitment
    receipts = [make_receipt_v1(name, commitment, links) for name, links in sorted(evidence.chains.items())]
    return {
        "chains.json": json_bytes(
            [{**link, "entry": in_key_order(to_json_value(link["entry"]))} for link in chain_links(evidence)]
        ),
        "evaluators.csv": write_csv(ExportedEvaluator, evaluator_rows(evidence)),
        "receipts.json": json_bytes(to_json_value(receipts)),
    }


def _opened_files(evidence: Evidence, result: RoundResult) -> Files:
    """The opened seal and the numbers."""
    neurons = neuron_rows(evidence.seal.allocation, result.observations)
    column_names = {} if result.frame.stated_outcome else RELEASED_COLUMNS
    return {
        "design.json": json_bytes(in_key_order(evidence.design_content)),
        "allocation.json": json_bytes(in_key_order(evidence.seal.as_sealed)),
        "frame.json": json_bytes(result.frame.content()),
        "analysis.json": json_bytes(result.analysis.content()),
        "observations.csv": write_observations(result.observations, says_what_counts=not column_names),
        "neurons.csv": write_csv(NeuronRow, neurons, column_names),
        "snippets.parquet": write_snippets_parquet(evidence.item_contents),
    }


def _preregistration(evidence: Evidence) -> str:
    other_draws = notes_on_other_draws(steps_of_log(evidence.log), evidence.design.unit_words)
    return write_preregistration(evidence.design, evidence.sealed, other_draws)


def _report_files(evidence: Evidence, result: RoundResult) -> Files:
    """The report in all its formats, and the methods checklist; who made the result, and why, stands in the log alone.

    Nothing here quotes an event after the lock, which the lock's digest does not cover; only that the round's key did
    not sign the newest result is said.
    """
    title, commitment, unsigned = evidence.design.title, evidence.published.commitment, evidence.lacks_signature
    frame, analysis = result.frame, result.analysis
    checklist = methods_checklist(title, evidence.design_content, commitment, frame, analysis)
    figures = draw_figures(analysis)
    files = {
        PREREGISTRATION_FILE: _preregistration(evidence).encode(),
        "report.md": write_markdown_report(title, commitment, analysis, frame, unsigned=unsigned).encode(),
        "methods.json": json_bytes(checklist.content()),
        "CITATION.cff": write_citation(title, analysis.headline, commitment).encode(),
    }
    if pdf_available():
        images = {name: content for name, content in figures.items() if name.endswith(".svg")}
        files["report.pdf"] = write_pdf_report(title, commitment, analysis, frame, images, unsigned=unsigned)
    return files | figures
