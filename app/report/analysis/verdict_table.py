"""Observations as columns: one row per evaluator and item. Pure numpy, so that a million judgments are fast."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.foundation.arrays import Bools, Floats, Ints
from app.foundation.digest import sha256
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class VerdictTable:
    """Final verdicts. Every array is [row]; those called index point into the names, which are sorted."""

    item_codes: tuple[str, ...]
    evaluator_names: tuple[str, ...]
    arm_names: tuple[str, ...]
    stratum_names: tuple[str, ...]
    item_index: Ints
    evaluator_index: Ints
    arm_index: Ints
    stratum_index: Ints
    layer: Ints
    layer_count: Ints
    """Layers of the model."""
    same_token_share: Floats
    """Same-token share of the item's top peaks."""
    score: Floats
    """1 for an answer that counts, 0 for every other one."""
    cannot_judge: Bools
    exposed: Bools
    position: Floats
    active_seconds: Floats
    revisions: Floats

    @property
    def judgment_count(self) -> int:
        """How many rows there are."""
        return int(self.item_index.size)

    @property
    def item_count(self) -> int:
        """How many items have a row."""
        return int(np.unique(self.item_index).size)

    def filter_rows(self, mask: Bools) -> "VerdictTable":
        """The rows that `mask` marks; the tuples of names stay complete."""
        columns = {name: column[mask] for name, column in vars(self).items() if not isinstance(column, tuple)}
        return replace(self, **columns)

    def select(
        self, arm: str | None = None, stratum: str | None = None, evaluator: str | None = None
    ) -> "VerdictTable":
        """The rows of an arm, a stratum and an evaluator; what is None is not filtered by."""
        mask = np.ones(self.judgment_count, dtype=np.bool_)
        for index, names, name in (
            (self.arm_index, self.arm_names, arm),
            (self.stratum_index, self.stratum_names, stratum),
            (self.evaluator_index, self.evaluator_names, evaluator),
        ):
            if name is not None:
                mask &= index == (names.index(name) if name in names else -1)
        return self.filter_rows(mask)

    def item_codes_digest(self) -> str:
        """A digest of the codes of the items that have rows here; it does not depend on the names of the arms."""
        codes = [self.item_codes[index] for index in np.unique(self.item_index).tolist()]
        return sha256("\0".join(codes).encode())


def tabulate_verdicts(observations: Sequence[Observation]) -> VerdictTable:
    """The observations as columns."""
    items = [observation.allocated for observation in observations]
    judgments = [observation.judgment for observation in observations]
    item_codes, item_index = _names_and_indices([item.item for item in items])
    evaluator_names, evaluator_index = _names_and_indices([observation.evaluator for observation in observations])
    arm_names, arm_index = _names_and_indices([item.arm for item in items])
    stratum_names, stratum_index = _names_and_indices([item.stratum for item in items])
    return VerdictTable(
        item_codes=item_codes,
        evaluator_names=evaluator_names,
        arm_names=arm_names,
        stratum_names=stratum_names,
        item_index=item_index,
        evaluator_index=evaluator_index,
        arm_index=arm_index,
        stratum_index=stratum_index,
        layer=np.array([item.layer for item in items], dtype=np.int64),
        layer_count=np.array([item.n_layers for item in items], dtype=np.int64),
        same_token_share=_float_column(item.same_token_share for item in items),
        score=_float_column(observation.counts for observation in observations),
        cannot_judge=np.array([judgment.verdict == "cannot_judge" for judgment in judgments], dtype=np.bool_),
        exposed=np.array([observation.exposed for observation in observations], dtype=np.bool_),
        position=_float_column(judgment.position for judgment in judgments),
        active_seconds=_float_column(judgment.active_seconds for judgment in judgments),
        revisions=_float_column(observation.revisions for observation in observations),
    )


def _names_and_indices(names: Sequence[str]) -> tuple[tuple[str, ...], Ints]:
    """The distinct names in order, and for each name its index among them: [row]."""
    distinct = sorted(set(names))
    index_by_name = {name: index for index, name in enumerate(distinct)}
    return tuple(distinct), np.array([index_by_name[name] for name in names], dtype=np.int64)


def _float_column(numbers: Iterable[float]) -> Floats:
    return np.array(list(numbers), dtype=np.float64)
