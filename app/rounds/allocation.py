"""The allocation: which item is whose, and what the draw of each cell came to. It is sealed until unblinding. Pure.

One form serves what is sealed, what unblinding opens and what exports hold. Counts are sealed too, because the dead are
more in one arm than in another.
"""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, TypeAdapter

from app.foundation.json_types import JsonObject, JsonValue

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
    """Only `neuron` items enter a fraction; the others are controls, repeats and practice items."""
    same_token_share: float | int = 0.0
    """Share of the top peaks that are the same token, 0 to 1; canonical JSON and the tables made from it write 0."""
    purity: float | int | None = None
    """Of a purity-ladder item: the share of snippets from the main neuron."""
    repeats: str | None = None
    """Of a hidden repeat: the code of the item it repeats."""
    rule: str | None = None
    """Of a planted item: what its peaks have in common."""


@dataclass(frozen=True)
class CellModel:
    """The model of a cell, as its archive has it."""

    activation: str | None
    certificate: JsonObject | None
    """The trainer's pairing certificate, word for word: the report quotes it."""
    name: str
    weights_sha256: str | None


@dataclass(frozen=True)
class LayerCount:
    """The counts of one layer of a cell."""

    layer: int
    eligible: int
    """Neurons of the layer in the frame, dead ones included."""
    drawn: int
    dead: int
    """Dead among the drawn."""


@dataclass(frozen=True)
class AllocatedCell:
    """What the draw of one cell, an arm in a stratum, came to; counts of neurons unless said otherwise."""

    arm: str
    stratum: str
    archive_sha256: str
    frame: int
    """All that could be drawn."""
    frame_dead: int
    examined: int
    """Looked at until enough were drawn."""
    excluded: int
    """Live ones that the design cannot show, or that a named evaluator has seen."""
    eligible: int
    drawn: int
    dead: int
    """Dead ones drawn: they count as NOT INTERPRETABLE and are not shown."""
    shown: int
    suppressed: int
    """Windows left out of the drawn neurons' top lists as near-duplicates of stronger ones."""
    layers: tuple[LayerCount, ...]
    dead_neurons: tuple[tuple[int, int], ...] = ()
    """(layer, index) of the dead ones drawn."""
    model: Annotated[CellModel | None, BeforeValidator(lambda model: model or None)] = None
    """None, or empty in old seals, if nothing was sealed of it."""


@dataclass(frozen=True)
class Allocation:
    """Who is who."""

    items: tuple[AllocatedItem, ...]
    """By code."""
    cells: tuple[AllocatedCell, ...]
    """In the design's order of cells."""

    @property
    def by_code(self) -> dict[str, AllocatedItem]:
        """{code: what the allocation says of the item}."""
        return {allocated.item: allocated for allocated in self.items}


@dataclass(frozen=True)
class SealContent:
    """What a seal holds: the allocation, the secret seed of the draw, and the nonce of the items' digests."""

    allocation: Allocation
    seed: str
    """64 hexadecimal digits, as the nonce."""
    nonce: str
    as_sealed: JsonObject = field(default_factory=dict)
    """{"allocation", "seed", "nonce"} as JSON values, unchanged since they were sealed: the digest is of these."""

    @classmethod
    def to_seal(cls, allocation: Allocation, seed: str, nonce: str) -> "SealContent":
        """What a new seal is to hold."""
        sealed_allocation = _ALLOCATION.dump_python(allocation, mode="json")
        return cls(allocation, seed, nonce, {"allocation": sealed_allocation, "seed": seed, "nonce": nonce})

    @classmethod
    def from_content(cls, content: JsonValue) -> "SealContent":
        """What a seal or an export holds, from its JSON values. Raises ValueError if it is anything else."""
        if not isinstance(content, dict) or set(content) != {"allocation", "seed", "nonce"}:
            msg = "it does not hold exactly an allocation, a seed and a nonce"
            raise ValueError(msg)
        return replace(_SEAL_CONTENT.validate_python(content), as_sealed=content)


_ALLOCATION = TypeAdapter(Allocation)
_SEAL_CONTENT = TypeAdapter(SealContent)
