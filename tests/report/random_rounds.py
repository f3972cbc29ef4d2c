"""Rounds drawn at random: by layer or not, with repeats, controls, practice, revisions, flags and an erasure."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from app.evidence.entries import canonical_time
from app.foundation.json_types import JsonObject
from app.rounds.allocation import AllocatedCell, AllocatedItem, Allocation, ItemKind, LayerCount
from app.rounds.design import Design
from app.tasks.item import Item, Passage
from tests.report.simulated_evidence import START, RoundFacts
from tests.rounds.few_draws import FEW_DRAWS

CELLS = (("baseline", "1L/0"), ("solu", "1L/0"), ("baseline", "2L/0"), ("solu", "2L/0"), ("control", "2L/0"))
PSEUDONYMS = ("Ash", "Birch", "Zoë 🌳")
LAYERS = 2
VERDICTS = ("interpretable", "not_interpretable", "cannot_judge")


@dataclass(frozen=True)
class RoundOptions:
    """What a random round has."""

    by_layer: bool = False
    completed: float = 1.0
    """Share of the items that each evaluator judged."""
    flags: bool = True
    erased: bool = True
    """Whether somebody was invited and erased everything before the lock."""


def random_round(seed: int, options: RoundOptions) -> RoundFacts:
    """What happened in a round."""
    generator = random.Random(seed)
    allocation = _random_allocation(generator)
    passage = Passage((" the", " naïve", "\n\n\U0001f333"), (0, 5, 0), 1, "top")
    return RoundFacts(
        design=_design(options),
        allocation=allocation,
        item_contents=[Item(item.item, (passage, passage)).content() for item in allocation.items],
        entries={name: list(_random_entries(generator, allocation, options)) for name in PSEUDONYMS},
        erased=frozenset({"somebody"}) if options.erased else frozenset(),
        stopped_early=options.completed < 1,
    )


def judgment_entry(code: str, verdict: str, position: int, revision: int = 0) -> JsonObject:
    """A judgment as an entry, without its evaluator, number and version."""
    at = _time_at(position)
    return {
        "kind": "judgment",
        "key": f"key-{position}-{revision}",
        "at": at,
        "item": code,
        "step": "verdict",
        "verdict": verdict,
        "hypothesis": "",
        "confidence": None,
        "comment": "",
        "revision": revision,
        "position": position,
        "shown_at": at,
        "active_seconds": 0.25 + position,
        "unfolded": False,
        "fixed_width": False,
        "reported": {"elapsed_seconds": None, "attentive_seconds": 1.5, "delay_seconds": None},
    }


def flag_entry(code: str, position: int) -> JsonObject:
    """A flag as an entry, without its evaluator, number and version."""
    return {"kind": "flag", "at": _time_at(position), "item": code, "reason": "fault", "comment": "nothing is marked"}


def _random_entries(generator: random.Random, allocation: Allocation, options: RoundOptions) -> Iterator[JsonObject]:
    codes = [item.item for item in allocation.items]
    generator.shuffle(codes)
    for position, code in enumerate(codes[: round(options.completed * len(codes))]):
        yield judgment_entry(code, generator.choice(VERDICTS), position)
        if generator.random() < 0.2:
            yield judgment_entry(code, generator.choice(VERDICTS), position, revision=1)
        if options.flags and generator.random() < 0.15:
            yield flag_entry(code, position)
        if generator.random() < 0.1:
            yield {"kind": "aids opened", "at": _time_at(position), "item": code}


def _time_at(position: int) -> str:
    return canonical_time(START + timedelta(minutes=position))


def _design(options: RoundOptions) -> Design:
    return Design.from_values(
        {
            "title": "A round for tests",
            "arms": [{"arm": arm, "stratum": stratum, "archive_sha256": "a" * 64} for arm, stratum in CELLS],
            "reference": "baseline",
            "by_layer": "stratified" if options.by_layer else "simple",
            "repeats": 2,
            "repeat_distance": 2,
            "analysis": {"numbers": FEW_DRAWS.numbers.model_dump()},
        }
    )


def _random_allocation(generator: random.Random) -> Allocation:
    items: list[AllocatedItem] = []
    cells = []
    for arm, stratum in CELLS:
        counts = [generator.randint(1, 4) for _ in range(LAYERS)]
        dead = [generator.randint(0, 2) for _ in range(LAYERS)]
        for layer, count in enumerate(counts):
            items += [_allocated(generator, arm, stratum, layer, index) for index in range(count)]
        cells.append(_cell(arm, stratum, counts, dead))
    repeats = [
        replace(original, item=_code(generator), kind="repeat", repeats=original.item)
        for original in generator.sample(items, 2)
    ]
    kinds: tuple[ItemKind, ...] = ("planted", "training", "purity")
    controls = [replace(_allocated(generator, "solu", "1L/0", 0, 90), kind=kind, purity=0.5) for kind in kinds]
    return Allocation(tuple(sorted([*items, *controls, *repeats], key=lambda item: item.item)), tuple(cells))


def _allocated(generator: random.Random, arm: str, stratum: str, layer: int, neuron: int) -> AllocatedItem:
    share = round(generator.random(), 3)
    return AllocatedItem(_code(generator), arm, stratum, layer, LAYERS, neuron, same_token_share=share)


def _code(generator: random.Random) -> str:
    return f"{generator.getrandbits(40):010x}"


def _cell(arm: str, stratum: str, counts: Sequence[int], dead: Sequence[int]) -> AllocatedCell:
    drawn = sum(counts) + sum(dead)
    return AllocatedCell(
        arm=arm,
        stratum=stratum,
        archive_sha256="a" * 64,
        frame=300,
        frame_dead=9,
        examined=drawn,
        excluded=0,
        eligible=300,
        drawn=drawn,
        dead=sum(dead),
        shown=sum(counts),
        suppressed=0,
        layers=tuple(
            LayerCount(layer, 100 * (layer + 1), count + dead_count, dead_count)
            for layer, (count, dead_count) in enumerate(zip(counts, dead, strict=True))
        ),
        dead_neurons=tuple((layer, 50 + index) for layer, dead_count in enumerate(dead) for index in range(dead_count)),
    )
