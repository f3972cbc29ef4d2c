"""Observations: judgments joined with the opened allocation. They exist only after unblinding. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

from app.judging.judgment import Judgment

ItemKind = Literal["neuron", "planted", "purity", "repeat", "training"]


@dataclass(frozen=True)
class AllocatedItem:
    """What the allocation says of one item."""

    item: str
    arm: str
    stratum: str
    """Size and replicate, such as "1L/0"."""
    layer: int
    n_layers: int
    neuron: int
    kind: ItemKind = "neuron"
    """Only `neuron` items enter a fraction; the rest are controls, repeats and training items."""
    same_token_share: float = 0.0
    """Share of the top peaks that are the same token, 0 to 1."""
    purity: float | None = None
    """Of a purity-ladder item: the share of snippets from the main neuron."""
    repeats: str | None = None
    """Of a hidden repeat: the code of the item it repeats."""
    rule: str | None = None
    """Of a planted item: what its peaks have in common."""


@dataclass(frozen=True)
class Observation:
    """One evaluator's final judgment on one item, with its arm."""

    evaluator: str
    """Pseudonym."""
    exposed: bool
    """The evaluator knew the models before, created the round or held a key."""
    judgment: Judgment
    allocated: AllocatedItem
    revisions: int = 0
    """How often the verdict was changed."""


@dataclass(frozen=True)
class EvaluatorJudgments:
    """Everything one evaluator said, in the order in which they said it."""

    evaluator: str
    exposed: bool
    judgments: Sequence[Judgment]
    missing: frozenset[str] = frozenset()
    """Items they flagged as faulty or distressing: missing, never a verdict."""


def allocated_items(allocation: Mapping[str, Any]) -> dict[str, AllocatedItem]:
    """{code: what the allocation says of it}."""
    return {line["item"]: AllocatedItem(**line) for line in allocation["items"]}


def final_observations(
    judged: Sequence[EvaluatorJudgments], allocated: Mapping[str, AllocatedItem]
) -> list[Observation]:
    """The final judgment of each evaluator on each item, by pseudonym and place."""
    return [one for each in judged for one in _of(each, allocated)]


def _of(judged: EvaluatorJudgments, allocated: Mapping[str, AllocatedItem]) -> list[Observation]:
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


def _in_turn(of_item: AllocatedItem, allocated: Mapping[str, AllocatedItem], met: set[str]) -> AllocatedItem:
    """Of a repeated item, whichever code this evaluator met first stands for the neuron; the other is the repeat."""
    original = of_item.repeats or of_item.item
    if original in met:
        return replace(of_item, kind="repeat", repeats=original)
    met.add(original)
    return allocated[original]
