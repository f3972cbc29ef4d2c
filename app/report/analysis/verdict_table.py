"""Observations as columns: one row per evaluator and item. Pure numpy, so that a million judgments stay quick."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.unblinding.observations import Observation

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class VerdictTable:
    """Final verdicts. Every array has one entry per row; `item` and `evaluator` point into the names."""

    items: tuple[str, ...]
    evaluators: tuple[str, ...]
    arms: tuple[str, ...]
    strata: tuple[str, ...]
    item: Ints
    evaluator: Ints
    arm: Ints
    stratum: Ints
    layer: Ints
    n_layers: Ints
    """Layers of the model."""
    share: Floats
    """Same-token share of the item's top peaks."""
    yes: Floats
    """1 for INTERPRETABLE, 0 for NOT INTERPRETABLE and "cannot judge"."""
    cannot: Flags
    exposed: Flags
    position: Floats
    seconds: Floats
    revisions: Floats

    @property
    def rows(self) -> int:
        """How many judgments."""
        return int(self.item.size)

    def where(self, mask: Flags) -> "VerdictTable":
        """The rows that `mask` marks; names stay."""
        arrays = {
            one.name: getattr(self, one.name)[mask]
            for one in fields(self)
            if isinstance(getattr(self, one.name), np.ndarray)
        }
        return replace(self, **arrays)

    def of(self, arm: str | None = None, stratum: str | None = None, evaluator: str | None = None) -> "VerdictTable":
        """The rows of an arm, a stratum, an evaluator, or what several of these have in common."""
        mask = np.ones(self.rows, dtype=np.bool_)
        for column, names, name in (
            (self.arm, self.arms, arm),
            (self.stratum, self.strata, stratum),
            (self.evaluator, self.evaluators, evaluator),
        ):
            if name is not None:
                mask &= column == (names.index(name) if name in names else -1)
        return self.where(mask)

    def key(self) -> str:
        """A digest of which items have rows here: the same whatever the arms are called."""
        named = [self.items[place] for place in np.unique(self.item).tolist()]  # the items are sorted
        return hashlib.sha256("\0".join(named).encode()).hexdigest()


def tabulate(observations: Sequence[Observation]) -> VerdictTable:
    """The observations as columns."""
    items, item = _indexed([one.allocated.item for one in observations])
    evaluators, evaluator = _indexed([one.evaluator for one in observations])
    arms, arm = _indexed([one.allocated.arm for one in observations])
    strata, stratum = _indexed([one.allocated.stratum for one in observations])
    return VerdictTable(
        items=items,
        evaluators=evaluators,
        arms=arms,
        strata=strata,
        item=item,
        evaluator=evaluator,
        arm=arm,
        stratum=stratum,
        layer=np.array([one.allocated.layer for one in observations], dtype=np.int64),
        n_layers=np.array([one.allocated.n_layers for one in observations], dtype=np.int64),
        share=_floats([one.allocated.same_token_share for one in observations]),
        yes=_floats([one.judgment.verdict == "interpretable" for one in observations]),
        cannot=np.array([one.judgment.verdict == "cannot_judge" for one in observations], dtype=np.bool_),
        exposed=np.array([one.exposed for one in observations], dtype=np.bool_),
        position=_floats([one.judgment.position for one in observations]),
        seconds=_floats([one.judgment.active_seconds for one in observations]),
        revisions=_floats([one.revisions for one in observations]),
    )


def _indexed(names: list[str]) -> tuple[tuple[str, ...], Ints]:
    distinct = sorted(set(names))
    place = {name: index for index, name in enumerate(distinct)}
    return tuple(distinct), np.array([place[name] for name in names], dtype=np.int64)


def _floats(values: list[Any]) -> Floats:
    return np.array(values, dtype=np.float64)
