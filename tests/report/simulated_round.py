"""A small round with simulated judgments, whose seal, chains and frame are made by the program's own functions."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.entries import ChainEntry, ChainLink, EventLink, canonical_time, event_entry
from app.evidence.event_details import ChainHead, LockedDetailV1, SealedDetail
from app.evidence.signing import SigningKey
from app.foundation.digest import sha256_of_json
from app.foundation.json_types import JsonObject
from app.judging.judgment import Judgment, Verdict
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, CellCounts, EnrolledEvaluator
from app.report.export.bundle import UnblindedBundle
from app.report.export.tables import ExportedEvaluator
from app.rounds.allocation import AllocatedCell, AllocatedItem, Allocation, ItemKind, SealContent
from app.rounds.analysis_plan import STANDARD_PLAN
from app.rounds.commitment import PublishedCommitment, commitment_digest, item_digest, seal_digest
from app.rounds.item import Item, ItemContent, Passage
from app.unblinding.observations import Observation

SIGNING_KEY = SigningKey.from_text("5e" * 32)
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TRUE_FRACTIONS = {"baseline": 0.35, "solu": 0.6}


def observe(
    evaluator: str,
    item: str,
    arm: str,
    verdict: Verdict,
    *,
    stratum: str = "1L/0",
    layer: int = 0,
    n_layers: int = 1,
    position: int = 0,
    seconds: float = 45.0,
    share: float = 0.3,
    kind: ItemKind = "neuron",
    purity: float | None = None,
    repeats: str | None = None,
) -> Observation:
    """One judgment joined with its allocation."""
    shown_at = START + timedelta(minutes=position)
    judgment = Judgment(
        item=item,
        verdict=verdict,
        hypothesis="",
        confidence=None,
        comment="",
        revision=0,
        position=position,
        shown_at=shown_at,
        judged_at=shown_at + timedelta(seconds=seconds),
        active_seconds=seconds,
        unfolded=False,
        fixed_width=False,
    )
    allocated = AllocatedItem(item, arm, stratum, layer, n_layers, len(item), kind, share, purity, repeats)
    return Observation(evaluator, False, judgment, allocated)


def with_verdict(observation: Observation, verdict: Verdict) -> Observation:
    """The observation with another verdict."""
    return replace(observation, judgment=replace(observation.judgment, verdict=verdict))


def simulate_observations(
    seed: int = 1,
    *,
    evaluators: Sequence[str] = ("Ash", "Birch", "Cedar"),
    strata: Sequence[str] = ("1L/0", "2L/0"),
    true_fractions: dict[str, float] = TRUE_FRACTIONS,
    shown: int = 20,
    correlation: float = 0.5,
) -> list[Observation]:
    """Observations of a crossed round; each neuron's chance is beta-distributed around the fraction of its arm."""
    generator = random.Random(seed)
    scale = 1 / correlation - 1
    observations = []
    for stratum in strata:
        for arm, fraction in true_fractions.items():
            for number in range(shown):
                chance = generator.betavariate(fraction * scale, (1 - fraction) * scale)
                item = f"{generator.getrandbits(40):010x}"
                share = generator.random()
                for index, evaluator in enumerate(evaluators):
                    verdict: Verdict = "interpretable" if generator.random() < chance else "not_interpretable"
                    observations.append(
                        observe(
                            evaluator,
                            item,
                            arm,
                            verdict,
                            stratum=stratum,
                            layer=number % 4,
                            n_layers=4,
                            position=(number * 7 + index) % shown,
                            seconds=20 + 60 * generator.random(),
                            share=share,
                        )
                    )
    return observations


def frame_for(observations: Sequence[Observation], dead: int = 2, **changes: Any) -> AnalysisFrame:
    """A frame in which every observed neuron was shown and `dead` more were drawn per cell."""
    shown: dict[tuple[str, str], set[str]] = {}
    for observation in observations:
        if observation.allocated.kind == "neuron":
            cell = (observation.allocated.arm, observation.allocated.stratum)
            shown.setdefault(cell, set()).add(observation.allocated.item)
    cells = tuple(
        CellCounts(arm, stratum, 1024, len(items) + dead, dead, len(items))
        for (arm, stratum), items in sorted(shown.items())
    )
    names = [observation.evaluator for observation in observations]
    enrolled = tuple(EnrolledEvaluator(name, False, names.count(name)) for name in sorted(set(names)))
    frame = AnalysisFrame(
        cells, reference="baseline", treatment="solu", seed="5e" * 32, evaluators=enrolled, plan=STANDARD_PLAN
    )
    return replace(frame, **changes)


def arms_by_item(observations: Iterable[Observation]) -> dict[str, str]:
    """{item: its arm} in the order of the observations."""
    return {observation.allocated.item: observation.allocated.arm for observation in observations}


def bundle_for(observations: list[Observation], frame: AnalysisFrame) -> UnblindedBundle:
    """The round of these observations, with a seal and chains like those of a real round."""
    design: JsonObject = {"version": 1, "title": "A round for tests", "arms": ["baseline", "solu"], "neurons": 22}
    allocated = {observation.allocated.item: observation.allocated for observation in observations}
    items = tuple(allocated[code] for code in sorted(allocated))
    cells = tuple(_allocated_cell(counts) for counts in frame.cells)
    seal = SealContent.to_seal(Allocation(items, cells), seed="0b" * 32, nonce="0a" * 32)
    contents = [_item_content(item.item) for item in items]
    commitment = _commit_to(design, contents, seal)
    judgments = _chained_judgments(observations, commitment.commitment)
    return UnblindedBundle(
        round_id="r1",
        title="A round for tests",
        state="unblinded",
        public_design={},
        design_content=design,
        item_contents=contents,
        seal=seal,
        commitment=commitment,
        judgment_links=judgments,
        event_links=_chained_events(judgments, commitment),
        exported_evaluators=[
            ExportedEvaluator(enrolled.evaluator, enrolled.exposed, joined_at=None, erased=False, aids_opened="")
            for enrolled in frame.evaluators
        ],
        observations=observations,
        frame=frame,
        analysis=analyse(observations, frame),
    )


def _commit_to(design: JsonObject, items: list[ItemContent], seal: SealContent) -> PublishedCommitment:
    digests = {item["code"]: item_digest(item, seal.nonce) for item in items}
    design_sha256, sealed_sha256 = sha256_of_json(design), seal_digest(seal)
    receipt_key = SIGNING_KEY.public_key
    commitment = commitment_digest(design_sha256, digests, sealed_sha256, receipt_key)
    return PublishedCommitment(commitment, design_sha256, sealed_sha256, digests, receipt_key)


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
        dead_neurons=((0, 1000), (0, 1001)),
    )


def _item_content(code: str) -> ItemContent:
    return Item(code, (Passage((" the", " naïve", "\n\n"), (0, 5, 0), 1, "top"),) * 2).content()


def _chained_judgments(observations: list[Observation], commitment: str) -> list[ChainLink]:
    links: list[ChainLink] = []
    heads: dict[str, tuple[int, str]] = {}
    for observation in observations:
        number, previous = heads.get(observation.evaluator, (0, commitment))
        judgment = observation.judgment
        times = {"shown_at": canonical_time(judgment.shown_at), "judged_at": canonical_time(judgment.judged_at)}
        about = {"number": number, "key": f"{observation.evaluator}-{number}", "evaluator": observation.evaluator}
        entry = cast("ChainEntry", asdict(judgment) | times | about)
        chain = chain_digest(previous, entry)
        heads[observation.evaluator] = (number + 1, chain)
        links.append({"evaluator": observation.evaluator, "number": number, "chain": chain, "entry": entry})
    return links


def _chained_events(judgments: list[ChainLink], commitment: PublishedCommitment) -> list[EventLink]:
    heads = {link["evaluator"]: ChainHead(judgments=link["number"] + 1, head=link["chain"]) for link in judgments}
    sealed = SealedDetail(
        commitment=commitment.commitment,
        design_sha256=commitment.design_sha256,
        sealed_sha256=commitment.sealed_sha256,
        items=len(commitment.item_digests),
        keys=2,
        two_person=False,
        audit=None,
        receipt_key=commitment.receipt_key,
    )
    locked = LockedDetailV1(heads=heads, stopped_early=False)
    details = {"sealed": sealed.model_dump(), "locked": locked.model_dump()}
    links: list[EventLink] = []
    previous = START_OF_LOG
    for number, action in enumerate(("created", "sealed", "opened", "locked", "unblinded")):
        row = SimpleNamespace(number=number, at=START, actor="Ada", action=action, detail=details.get(action, {}))
        row.version, row.program = 1, None
        entry = event_entry("r1", row)
        previous = chain_digest(previous, entry)
        links.append({"number": number, "chain": previous, "event": entry})
    return links
