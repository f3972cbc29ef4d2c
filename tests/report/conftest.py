"""A small round with everything real but the people: seals, chains and a frame, made by the project's own parts."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.evidence.chains import START_OF_LOG, chain_digest
from app.evidence.entries import event_entry, judgment_entry
from app.foundation.digest import sha256_of_json
from app.judging.judgment import Judgment, Verdict
from app.report.analysis.analysis import analyse
from app.report.analysis.frame import AnalysisFrame, CellCounts, Enrolled
from app.report.export.bundle import Bundle, export_zip
from app.rounds.commitment import commitment_digest, item_digest, seal_digest
from app.unblinding.observations import AllocatedItem, ItemKind, Observation

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TRUTH = {"baseline": 0.35, "solu": 0.6}


def observation(
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
    exposed: bool = False,
    share: float = 0.3,
    kind: ItemKind = "neuron",
    purity: float | None = None,
    repeats: str | None = None,
    hypothesis: str = "",
) -> Observation:
    shown = START + timedelta(minutes=position)
    judgment = Judgment(
        item,
        verdict,
        hypothesis,
        None,
        "",
        0,
        position,
        shown,
        shown + timedelta(seconds=seconds),
        seconds,
        False,
        False,
    )
    allocated = AllocatedItem(item, arm, stratum, layer, n_layers, len(item), kind, share, purity, repeats)
    return Observation(evaluator, exposed, judgment, allocated)


def simulated(
    seed: int = 1,
    *,
    evaluators: Sequence[str] = ("Ash", "Birch", "Cedar"),
    strata: Sequence[str] = ("1L/0", "2L/0"),
    truth: dict[str, float] = TRUTH,
    shown: int = 20,
    correlation: float = 0.5,
) -> list[Observation]:
    """A crossed round: each neuron has its own chance, beta-distributed around its arm's."""
    source = random.Random(seed)
    found = []
    for stratum in strata:
        for arm, fraction in truth.items():
            for number in range(shown):
                scale = 1 / correlation - 1
                chance = source.betavariate(fraction * scale, (1 - fraction) * scale)
                item = f"{source.getrandbits(40):010x}"
                share = source.random()
                for place, name in enumerate(evaluators):
                    verdict: Verdict = "interpretable" if source.random() < chance else "not_interpretable"
                    found.append(
                        observation(
                            name,
                            item,
                            arm,
                            verdict,
                            stratum=stratum,
                            layer=number % 4,
                            n_layers=4,
                            position=(number * 7 + place) % shown,
                            seconds=20 + 60 * source.random(),
                            share=share,
                        )
                    )
    return found


def frame_of(observations: Sequence[Observation], dead: int = 2, **changes: Any) -> AnalysisFrame:
    """A frame in which every observed neuron was shown and `dead` more were drawn per cell."""
    shown: dict[tuple[str, str], set[str]] = {}
    for one in observations:
        if one.allocated.kind == "neuron":
            shown.setdefault((one.allocated.arm, one.allocated.stratum), set()).add(one.allocated.item)
    cells = tuple(
        CellCounts(arm, stratum, 1024, len(items) + dead, dead, len(items))
        for (arm, stratum), items in sorted(shown.items())
    )
    names = sorted({one.evaluator for one in observations})
    enrolled = tuple(Enrolled(name, False, sum(one.evaluator == name for one in observations)) for name in names)
    plan = {"reference": "baseline", "treatment": "solu", "seed": "5e" * 32, "evaluators": enrolled}
    return AnalysisFrame(**({"cells": cells} | plan | changes))


def bundle_of(observations: list[Observation], frame: AnalysisFrame) -> Bundle:
    """The round of these observations, sealed and chained as the project does it."""
    design = {"version": 1, "title": "A round for tests", "arms": sorted(TRUTH), "neurons": 22}
    nonce = "0a" * 32
    allocated = {one.allocated.item: one.allocated for one in observations}
    contents = [_content(code) for code in sorted(allocated)]
    digests = {one["code"]: item_digest(one, nonce) for one in contents}
    cells = [{"arm": one.arm, "stratum": one.stratum, "dead_neurons": [[0, 1000], [0, 1001]]} for one in frame.cells]
    opened = {
        "allocation": {"items": [vars(allocated[code]) for code in sorted(allocated)], "cells": cells},
        "seed": "0b" * 32,
        "nonce": nonce,
    }
    design_sha256 = sha256_of_json(design)
    commitment = commitment_digest(design_sha256, digests, seal_digest(opened))
    return Bundle(
        round_id="r1",
        title="A round for tests",
        state="unblinded",
        design=design,
        items=contents,
        opened=opened,
        commitment={
            "commitment": commitment,
            "design_sha256": design_sha256,
            "sealed_sha256": seal_digest(opened),
            "items": sorted([code, digest] for code, digest in digests.items()),
        },
        judgments=(judgments := _judgments(observations, commitment)),
        events=_events(judgments),
        evaluators=[
            {"evaluator": one.evaluator, "exposed": one.exposed, "joined_at": None, "erased": False, "aids_opened": ""}
            for one in frame.evaluators
        ],
        observations=observations,
        frame=frame,
        analysis=analyse(observations, frame),
    )


def _content(code: str) -> dict[str, Any]:
    passages = [{"texts": [" the", " naïve", "\n\n"], "levels": [0, 5, 0], "peak": 1, "group": "top"}] * 2
    return {"code": code, "passages": passages}


def _judgments(observations: list[Observation], commitment: str) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = []
    heads: dict[str, tuple[int, str]] = {}
    for one in observations:
        number, previous = heads.get(one.evaluator, (0, commitment))
        fields = vars(one.judgment) | {"number": number, "key": f"{one.evaluator}-{number}", "step": "verdict"}
        entry = judgment_entry(one.evaluator, SimpleNamespace(**fields))
        chain = chain_digest(previous, entry)
        heads[one.evaluator] = (number + 1, chain)
        links.append({"evaluator": one.evaluator, "number": number, "chain": chain, "judgment": entry})
    return links


def _events(judgments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    heads = {one["evaluator"]: {"judgments": one["number"] + 1, "head": one["chain"]} for one in judgments}
    links: list[dict[str, Any]] = []
    previous = START_OF_LOG
    details: dict[str, dict[str, Any]] = {"sealed": {"audit": None}, "locked": {"heads": heads}}
    for number, action in enumerate(("created", "sealed", "opened", "locked", "unblinded")):
        row = SimpleNamespace(number=number, at=START, actor="Ada", action=action, detail=details.get(action, {}))
        entry = event_entry("r1", row)
        previous = chain_digest(previous, entry)
        links.append({"number": number, "chain": previous, "event": entry})
    return links


@pytest.fixture(scope="session")
def observations() -> list[Observation]:
    return simulated()


@pytest.fixture(scope="session")
def bundle(observations: list[Observation]) -> Bundle:
    return bundle_of(observations, frame_of(observations))


@pytest.fixture(scope="session")
def exported(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The round as a zip, drawn once: its figures take seconds."""
    path = tmp_path_factory.mktemp("export") / "round.zip"
    path.write_bytes(export_zip(bundle))
    return path


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The zips of two rounds with one contrast, a stratum each."""
    folder = tmp_path_factory.mktemp("pair")
    for seed in (1, 2):
        found = simulated(seed, strata=("1L/0",))
        (folder / f"round{seed}.zip").write_bytes(export_zip(bundle_of(found, frame_of(found))))
    return folder / "round1.zip", folder / "round2.zip"


@pytest.fixture(scope="session")
def making() -> SimpleNamespace:
    """The makers of this file, for tests that need rounds of their own."""
    return SimpleNamespace(simulated=simulated, frame_of=frame_of, bundle_of=bundle_of, observation=observation)
