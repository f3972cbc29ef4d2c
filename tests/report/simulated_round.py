"""Simulated judgments, and the counts of the round that they are from."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from app.judging.judgment import Judgment, Verdict
from app.report.analysis.frame import AnalysisFrame, CellCounts, EnrolledEvaluator
from app.rounds.allocation import AllocatedItem, ItemKind
from app.tasks.registry import DEFAULT_TASK, task_named
from app.unblinding.observations import Observation
from tests.report.simulated_evidence import START
from tests.rounds.few_draws import FEW_DRAWS

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
    return Observation(evaluator, False, judgment, allocated, task_named(DEFAULT_TASK).outcome)


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
        cells, reference="baseline", treatment="solu", seed="5e" * 32, evaluators=enrolled, plan=FEW_DRAWS
    )
    return replace(frame, **changes)


def arms_by_item(observations: Iterable[Observation]) -> dict[str, str]:
    """{item: its arm} in the order of the observations."""
    return {observation.allocated.item: observation.allocated.arm for observation in observations}
