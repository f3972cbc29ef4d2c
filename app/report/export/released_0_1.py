"""Exports of version 0.1: their evidence in today's form, and the files that follow from it.

That version kept flags, guesses, opened aids and erasures outside the chains, and wrote them into frame.json and
evaluators.csv. They are read from there, because nothing else has them, and are called unbound.
"""

import re
from collections.abc import Sequence

from app.evidence.entries import ChainLink
from app.evidence.event_details import CarriedOver, EnrolmentV1, UnboundAids, UnboundFlag, UnboundGuess
from app.evidence.receipts import make_receipt_v1
from app.evidence.round_evidence import BlindedEvidence, Evidence
from app.foundation.csv_table import read_records
from app.foundation.errors import ExportError
from app.foundation.json_types import JsonObject, to_json_value
from app.report.analysis.frame import AnalysisFrame, read_frame
from app.report.analysis.headline import PLAN_NOT_IN_DESIGN, headline_of_version_0_1_0
from app.report.export.bundle import Files, chain_links, commitment_content
from app.report.export.evidence_forms import JudgmentLinkV1
from app.report.export.observations_csv import ObservationRow, observation_rows
from app.report.export.tables import (
    EventTableRow,
    ExportedEvaluator,
    ItemTableRow,
    NeuronRow,
    evaluator_rows,
    event_rows,
    item_rows,
    neuron_rows,
    write_csv_of_0_1,
    write_snippets_parquet,
)
from app.report.export.zip_file import json_bytes
from app.report.result import UNKNOWN, RoundResult

WORDS = re.compile(
    r"README\.md|datapackage\.json|verify\.py|public_design\.json|evaluators\.csv|report\.(md|pdf)|methods\.json"
    r"|CITATION\.cff|figures/[a-z]+\.(svg|pdf)"
)
"""Files in the words of that program, or that follow from nothing in the export."""


def read_links_v1(links: Sequence[JudgmentLinkV1]) -> list[ChainLink]:
    """The judgments of version 0.1 as links of chains; the entries stay word for word."""
    return [
        {
            "evaluator": link["evaluator"],
            "number": link["number"],
            "chain": link["chain"],
            "entry": link["judgment"],
        }
        for link in links
    ]


def read_unbound(frame_content: JsonObject, evaluators_csv: bytes) -> CarriedOver:
    """What the export says beside its evidence. Raises ExportError if the files have another form."""
    try:
        frame = read_frame(frame_content)
        people = {row["evaluator"]: row for row in read_records(evaluators_csv)}
        evaluators = {
            enrolled.evaluator: EnrolmentV1(
                exposed=enrolled.exposed,
                erased=enrolled.erased,
                assigned=enrolled.assigned_count,
                joined_at=people[enrolled.evaluator]["joined_at"] or None,
            )
            for enrolled in frame.evaluators
        }
        aids = [(name, code) for name, row in people.items() for code in row["aids_opened"].split()]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        msg = "frame.json or evaluators.csv in the export has another form; take the zip as it was downloaded"
        raise ExportError(msg) from error
    return CarriedOver(
        evaluators=evaluators,
        flags=tuple(
            UnboundFlag(evaluator=flag.evaluator, item=flag.item, reason=flag.kind, comment=flag.comment)
            for flag in frame.flagged
        ),
        guesses=_read_guesses(frame),
        aids_opened=tuple(UnboundAids(evaluator=name, item=code) for name, code in aids),
    )


def has_words_of_version_0_1(name: str) -> bool:
    """Whether version 0.1 wrote a file of this name that cannot be made again today."""
    return WORDS.fullmatch(name) is not None


def blinded_files_v1(evidence: BlindedEvidence) -> Files:
    """The files that follow from the evidence in a blinded export of version 0.1."""
    published = evidence.published
    items = sorted(evidence.item_contents, key=lambda item: item["code"])
    files = {
        "commitment.json": json_bytes({"v": 1} | _commitment_v1(evidence)),
        "items.json": json_bytes(items),
        "items.csv": write_csv_of_0_1(ItemTableRow, item_rows(items, published.item_digests)),
        "judgments.json": json_bytes([_link_v1(link) for link in chain_links(evidence)]),
        "events.csv": write_csv_of_0_1(EventTableRow, event_rows(evidence.log)),
        "events.json": json_bytes(evidence.log),
    }
    if evidence.lock_digest is not None:
        receipts = [make_receipt_v1(name, published.commitment, links) for name, links in evidence.chains.items()]
        files["receipts.json"] = json_bytes(to_json_value(receipts))
    return files


def unblinded_files_v1(evidence: Evidence, result: RoundResult) -> Files:
    """The files that follow from the evidence in an unblinded export of version 0.1."""
    files = blinded_files_v1(evidence)
    neurons = neuron_rows(evidence.seal.allocation, result.observations)
    return files | {
        "commitment.json": json_bytes(_commitment_v1(evidence) | {"v": 1, "nonce": evidence.seal.nonce}),
        "design.json": json_bytes(evidence.design_content),
        "allocation.json": json_bytes(evidence.seal.as_sealed),
        "evaluators.csv": write_csv_of_0_1(ExportedEvaluator, evaluator_rows(evidence)),
        "frame.json": json_bytes(result.frame.content()),
        "analysis.json": json_bytes(_analysis_content(result)),
        "observations.csv": write_csv_of_0_1(ObservationRow, observation_rows(result.observations)),
        "neurons.csv": write_csv_of_0_1(NeuronRow, neurons),
        "snippets.parquet": write_snippets_parquet(evidence.item_contents),
    }


def _read_guesses(frame: AnalysisFrame) -> tuple[UnboundGuess, ...]:
    guesses = [(guess.evaluator, guess.item, guess.guess or UNKNOWN) for guess in frame.guesses]
    piles = [(piled.evaluator, piled.item, piled.pile) for piled in frame.piles]
    return tuple(UnboundGuess(evaluator=name, item=item, guess=guess) for name, item, guess in [*guesses, *piles])


def _commitment_v1(evidence: BlindedEvidence) -> JsonObject:
    """commitment.json without its version and the nonce."""
    content = commitment_content(evidence)
    del content["receipt_key"], content["v"]
    return content


def _link_v1(link: ChainLink) -> JsonObject:
    return {
        "evaluator": link["evaluator"],
        "number": link["number"],
        "chain": link["chain"],
        "judgment": to_json_value(link["entry"]),
    }


def _analysis_content(result: RoundResult) -> JsonObject:
    """analysis.json in the words of version 0.1."""
    analysis = result.analysis
    return analysis.content() | {
        "headline": headline_of_version_0_1_0(analysis, result.frame),
        "notes": [note for note in analysis.notes if note != PLAN_NOT_IN_DESIGN],
    }
