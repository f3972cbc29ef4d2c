"""Judgments joined with the opened allocation: observations. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from app.judging.judgment import Judgment
from app.judging.observation import Allocated, Observation


@dataclass(frozen=True)
class Judged:
    """Everything one evaluator said, in the order in which they said it."""

    evaluator: str
    exposed: bool
    judgments: Sequence[Judgment]
    missing: frozenset[str] = frozenset()
    """Items they flagged as faulty or distressing: missing, never a verdict."""


def read_allocation(allocation: Mapping[str, Any]) -> dict[str, Allocated]:
    """{code: what the allocation says of it}."""
    return {line["item"]: Allocated(**line) for line in allocation["items"]}


def observations(judged: Sequence[Judged], allocated: Mapping[str, Allocated]) -> list[Observation]:
    """The final judgment of each evaluator on each item, by pseudonym and place."""
    return [one for each in judged for one in _of(each, allocated)]


def _of(judged: Judged, allocated: Mapping[str, Allocated]) -> list[Observation]:
    history: dict[str, list[Judgment]] = {}
    for judgment in judged.judgments:
        if judgment.item not in judged.missing:
            history.setdefault(judgment.item, []).append(judgment)
    finals = sorted(((rows[-1], _changes(rows)) for rows in history.values()), key=lambda pair: pair[0].position)
    met: set[str] = set()
    found = []
    for final, changes in finals:
        of_item = _in_turn(allocated[final.item], allocated, met)
        found.append(Observation(judged.evaluator, judged.exposed, final, of_item, changes))
    return found


def _changes(rows: Sequence[Judgment]) -> int:
    return sum(before.verdict != after.verdict for before, after in pairwise(rows))


def _in_turn(of_item: Allocated, allocated: Mapping[str, Allocated], met: set[str]) -> Allocated:
    """Of a repeated item, whichever code this evaluator met first stands for the neuron; the other is the repeat."""
    original = of_item.repeats or of_item.item
    if original in met:
        return replace(of_item, kind="repeat", repeats=original)
    met.add(original)
    return allocated[original]
