"""The evidence of a simulated round, honest or not: seal, chains and log as the program's own functions make them.

A cheat who owns the server can do the same: `evidence_of` makes everything agree with everything else.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import cast

from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.entries import ChainEntry, ChainLink, EventLink, canonical_time, event_entry
from app.evidence.event_details import DrawDetail, Enrolment, LockedDetail, SealedDetail
from app.evidence.round_evidence import Evidence
from app.evidence.signing import SigningKey, sign_event
from app.foundation.digest import canonical_bytes, sha256_of_json
from app.foundation.json_types import JsonObject
from app.report.analysis.frame import AnalysisFrame, CellCounts
from app.report.export.bundle import BlindedBundle, UnblindedBundle
from app.report.result import result_of
from app.rounds.allocation import AllocatedCell, Allocation, SealContent
from app.rounds.cell import Cell
from app.rounds.commitment import PublishedCommitment, commitment_digest, item_digest, seal_digest
from app.rounds.design import Design
from app.rounds.exclusions import Exclusions
from app.tasks.item import Item, ItemContent, Passage
from app.unblinding.observations import Observation
from tests.rounds.few_draws import FEW_DRAWS

SIGNING_KEY = SigningKey.from_text("5e" * 32)
START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
"""When the round was opened."""
LOCK = START + timedelta(days=1)


@dataclass(frozen=True)
class RoundFacts:
    """What happened in a round, before anything is digested."""

    design: Design
    allocation: Allocation
    item_contents: Sequence[ItemContent]
    entries: Mapping[str, Sequence[JsonObject]]
    """{pseudonym: what they did}, without evaluator, number and version."""
    exposed: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()
    """Ids of evaluators who had everything deleted."""
    seed: str = "0b" * 32
    audit: JsonObject | None = None
    stopped_early: bool = False
    events_before_lock: tuple[str, ...] = ()
    signing_key: SigningKey = field(default=SIGNING_KEY)


def facts_for(observations: Sequence[Observation], frame: AnalysisFrame) -> RoundFacts:
    """A round that gives these observations, with the counts and the plan of the frame."""
    allocated = {observation.allocated.item: observation.allocated for observation in observations}
    items = tuple(allocated[code] for code in sorted(allocated))
    return RoundFacts(
        design=_design_for(frame),
        allocation=Allocation(items, tuple(_allocated_cell(counts) for counts in frame.cells)),
        item_contents=[_item_content(item.item) for item in items],
        entries={
            enrolled.evaluator: [
                _judgment_entry(observation) for observation in _in_time(observations, enrolled.evaluator)
            ]
            for enrolled in frame.evaluators
        },
        exposed=frozenset(enrolled.evaluator for enrolled in frame.evaluators if enrolled.exposed),
        audit=frame.audit,
        stopped_early=frame.stopped_early,
    )


def evidence_of(facts: RoundFacts) -> Evidence:
    """The evidence of a round in which this happened."""
    design_content = json.loads(facts.design.canonical)
    seal = SealContent.to_seal(facts.allocation, seed=facts.seed, nonce="0a" * 32)
    seal = SealContent.from_content(json.loads(canonical_bytes(seal.as_sealed)))
    published = _publish(design_content, facts, seal)
    chains = {name: _chain(name, entries, published.commitment) for name, entries in sorted(facts.entries.items())}
    return Evidence(
        design_content=design_content,
        seal=seal,
        item_contents=facts.item_contents,
        published=published,
        chains={name: links for name, links in chains.items() if links},
        log=_log(facts, published, chains),
    )


def bundle_of(evidence: Evidence) -> UnblindedBundle:
    """The unblinded export of a round with this evidence."""
    return UnblindedBundle(evidence, result_of(evidence))


def bundle_for(observations: Sequence[Observation], frame: AnalysisFrame) -> UnblindedBundle:
    """The unblinded export of the round of these observations."""
    return bundle_of(evidence_of(facts_for(observations, frame)))


def blinded_bundle_of(evidence: Evidence, *, locked: bool) -> BlindedBundle:
    """The blinded export of the round when it was locked, or while it was still being judged."""
    log = evidence.log_until_lock if locked else evidence.log_until_lock[:-1]
    until_then = replace(evidence, log=log, chains=evidence.chains if locked else {})
    return BlindedBundle(until_then, evidence.design.public_content())


def relinked(log: Sequence[EventLink]) -> list[EventLink]:
    """The log with numbers and digests that fit its events."""
    links: list[EventLink] = []
    previous = START_OF_LOG
    for number, link in enumerate(log):
        event = {**link["event"], "number": number}
        previous = chain_digest(previous, cast("ChainEntry", event))
        links.append(cast("EventLink", {"number": number, "chain": previous, "event": event}))
    return links


def _design_for(frame: AnalysisFrame) -> Design:
    arms = sorted({(counts.arm, counts.stratum) for counts in frame.cells}, key=lambda cell: cell[0] == frame.reference)
    return Design(
        title="A round for tests",
        arms=tuple(Cell(arm=arm, stratum=stratum, archive_sha256="a" * 64) for arm, stratum in arms),
        reference=frame.reference,
        neurons=22,
        exclusions=Exclusions(**dict(frame.exclusions)),
        blinding_question="which_model",
        analysis=frame.plan or FEW_DRAWS,
    )


def _allocated_cell(counts: CellCounts) -> AllocatedCell:
    return AllocatedCell(
        arm=counts.arm,
        stratum=counts.stratum,
        archive_sha256="a" * 64,
        frame=counts.eligible,
        frame_dead=2,
        examined=counts.drawn,
        excluded=counts.excluded,
        eligible=counts.eligible,
        drawn=counts.drawn,
        dead=counts.dead,
        shown=counts.shown,
        suppressed=counts.suppressed,
        layers=(),
        dead_neurons=tuple((0, 1000 + index) for index in range(counts.dead)),
    )


def _item_content(code: str) -> ItemContent:
    return Item(code, (Passage((" the", " naïve", "\n\n"), (0, 5, 0), 1, "top"),) * 2).content()


def _in_time(observations: Sequence[Observation], evaluator: str) -> list[Observation]:
    own = [observation for observation in observations if observation.evaluator == evaluator]
    return sorted(own, key=lambda observation: observation.judgment.judged_at)


def _judgment_entry(observation: Observation) -> JsonObject:
    judgment = observation.judgment
    return {
        "kind": "judgment",
        "at": canonical_time(judgment.judged_at),
        "item": judgment.item,
        "key": f"{judgment.item}.{judgment.revision}",
        "step": judgment.step,
        "verdict": judgment.verdict,
        "hypothesis": judgment.hypothesis,
        "confidence": judgment.confidence,
        "comment": judgment.comment,
        "revision": judgment.revision,
        "position": judgment.position,
        "shown_at": canonical_time(judgment.shown_at),
        "active_seconds": judgment.active_seconds,
        "unfolded": judgment.unfolded,
        "fixed_width": judgment.fixed_width,
        "reported": {"elapsed_seconds": None, "attentive_seconds": None, "delay_seconds": None},
    }


def _publish(design_content: JsonObject, facts: RoundFacts, seal: SealContent) -> PublishedCommitment:
    digests = {item["code"]: item_digest(item, seal.nonce) for item in facts.item_contents}
    design_sha256, sealed_sha256 = sha256_of_json(design_content), seal_digest(seal)
    receipt_key = facts.signing_key.public_key
    commitment = commitment_digest(design_sha256, digests, sealed_sha256, receipt_key)
    return PublishedCommitment(commitment, design_sha256, sealed_sha256, digests, receipt_key)


def _chain(evaluator: str, entries: Sequence[JsonObject], commitment: str) -> list[ChainLink]:
    links: list[ChainLink] = []
    previous = commitment
    for number, content in enumerate(entries):
        entry = json.loads(canonical_bytes({"v": 2, "evaluator": evaluator, "number": number} | content))
        previous = chain_digest(previous, entry)
        links.append({"evaluator": evaluator, "number": number, "chain": previous, "entry": entry})
    return links


def _log(
    facts: RoundFacts, published: PublishedCommitment, chains: Mapping[str, Sequence[ChainLink]]
) -> list[EventLink]:
    draw = DrawDetail(number=1)
    sealed = SealedDetail(
        commitment=published.commitment,
        design_sha256=published.design_sha256,
        sealed_sha256=published.sealed_sha256,
        items=len(published.item_digests),
        keys=2,
        two_person=False,
        audit=facts.audit,
        draw=draw,
        receipt_key=published.receipt_key,
        public_design_sha256=sha256_of_json(facts.design.public_content()),
    )
    invitations = [("invited", START, {"evaluator": name, "exposed": name in facts.exposed}) for name in chains]
    lost = [("invited", START, {"evaluator": f"formerly {code}", "exposed": False}) for code in sorted(facts.erased)]
    erasures = [("erased", LOCK, {"evaluator": code}) for code in sorted(facts.erased)]
    created = {"design_sha256": published.design_sha256, "preset": "own", "same_archives": []}
    steps: list[tuple[str, datetime, JsonObject]] = [
        ("created", START - timedelta(days=1), cast("JsonObject", created)),
        ("seal begun", START - timedelta(hours=1), draw.model_dump(mode="json")),
        ("sealed", START - timedelta(hours=1), sealed.model_dump(mode="json")),
        ("opened", START, {"commitment": published.commitment}),
        *cast("list[tuple[str, datetime, JsonObject]]", [*invitations, *lost, *erasures]),
        *((action, LOCK, {}) for action in facts.events_before_lock),
        ("locked", LOCK, _lock(facts, published, chains).model_dump(mode="json")),
        ("key read", LOCK + timedelta(hours=1), {"keys": 1}),
        ("unblinded", LOCK + timedelta(hours=1), {"reason": "Everyone is done.", "version": 1}),
    ]
    rows = [
        SimpleNamespace(
            number=0, at=at, actor="Ada", action=action, detail=detail, version=2, program="0.2.0", chain=""
        )
        for action, at, detail in steps
    ]
    log = relinked([{"number": 0, "chain": "", "event": event_entry("r1", row)} for row in rows])
    log[-1]["event"]["detail"]["signature"] = sign_event(facts.signing_key, log[-2]["chain"], log[-1]["event"])
    return relinked(log)


def _lock(facts: RoundFacts, published: PublishedCommitment, chains: Mapping[str, Sequence[ChainLink]]) -> LockedDetail:
    evaluators = {
        name: Enrolment(
            entries=len(links),
            head=links[-1]["chain"] if links else published.commitment,
            exposed=name in facts.exposed,
            erased=False,
            assigned=len(facts.entries[name]),
            joined_at=canonical_time(START),
            consented_at=canonical_time(START),
        )
        for name, links in chains.items()
    }
    nobody = Enrolment(
        entries=0,
        head=published.commitment,
        exposed=False,
        erased=True,
        assigned=0,
        joined_at=None,
        consented_at=None,
    )
    evaluators |= {f"erased {code}": nobody for code in sorted(facts.erased)}
    return LockedDetail(roster=evaluators, stopped_early=facts.stopped_early)
