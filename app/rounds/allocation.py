"""The allocation: which item shows which neuron of which arm, and the counts of each cell. Pure.

It is sealed until unblinding; the seal, unblinding and exports use the same classes. The counts are sealed too, because
the number of dead neurons differs between arms.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, TypeAdapter

from app.foundation.json_types import JsonObject, JsonValue

VERSION = 2
"""Version of the form of a seal's content."""
MOST_CELLS = 1_000
"""More cells, or layers of a cell, no design has: the analysis compares them with each other."""
NeuronAddress = tuple[str, int, int]
"""A neuron as (archive digest, layer, index)."""
ItemKind = Literal["neuron", "planted", "purity", "repeat", "training"]


@dataclass(frozen=True)
class AllocatedItem:
    """Which neuron of which arm one item shows."""

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
    """Share of snippets from the main neuron; only items of the purity ladder have one."""
    repeats: str | None = None
    """Code of the item that a hidden repeat repeats."""
    rule: str | None = None
    """What the peaks of a planted item have in common."""
    right_answer: Annotated[str | None, Field(exclude_if=lambda answer: answer is None)] = None
    """The right answer to the item, in a task that has one; the seal alone holds it, and only where there is one."""

    @property
    def is_neuron(self) -> bool:
        """Whether the item enters the fractions, as controls, repeats and practice items do not."""
        return self.kind == "neuron"


@dataclass(frozen=True)
class CellModel:
    """The model of a cell, as its archive describes it."""

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
    """Number of dead neurons among those drawn."""


@dataclass(frozen=True)
class AllocatedCell:
    """The draw of one cell (an arm in a stratum) in counts; they count neurons where nothing else is stated."""

    arm: str
    stratum: str
    archive_sha256: str
    frame: int
    """Neurons that could be drawn."""
    frame_dead: int
    examined: int
    """Neurons looked at until enough were drawn."""
    excluded: int
    """Live neurons that the design cannot show, or that a named evaluator has seen."""
    eligible: int
    drawn: int
    dead: int
    """Dead neurons drawn: they count as 0 and are not shown."""
    shown: int
    suppressed: int
    """Windows left out of the drawn neurons' top lists as near-duplicates of stronger ones."""
    layers: Annotated[tuple[LayerCount, ...], Field(max_length=MOST_CELLS)]
    dead_neurons: tuple[tuple[int, int], ...] = ()
    """(layer, index) of the dead neurons drawn."""
    model: Annotated[CellModel | None, BeforeValidator(lambda model: model or None)] = None
    """None if the seal says nothing about the model; old seals hold an empty object instead."""


@dataclass(frozen=True)
class Allocation:
    """Which item shows which neuron of which arm, and the counts of each cell."""

    items: tuple[AllocatedItem, ...]
    """In order of code."""
    cells: Annotated[tuple[AllocatedCell, ...], Field(max_length=MOST_CELLS)]
    """In the order of the design's cells."""

    @property
    def by_code(self) -> dict[str, AllocatedItem]:
        """{code: the allocated item}."""
        return {allocated.item: allocated for allocated in self.items}


@dataclass(frozen=True)
class SeedHalves:
    """The two halves that a seed was computed from, and the name under which the public one was announced."""

    half: str
    """The server's half, 64 hexadecimal digits."""
    public_name: str
    public_value: str


@dataclass(frozen=True)
class SealContent:
    """What a seal holds: the allocation, the secret seed of the draw, and the nonce of the items' digests."""

    allocation: Allocation
    seed: str
    """64 hexadecimal digits, like the nonce."""
    nonce: str
    draw: SeedHalves | None = None
    """None if the server drew the whole seed alone."""
    left_out: tuple[NeuronAddress, ...] = ()
    """Neurons that no cell could draw because named evaluators have seen them, sorted."""
    as_sealed: JsonObject = field(default_factory=dict)
    """The content as JSON values, exactly as it was sealed: its digest is published."""

    @property
    def version(self) -> int:
        """The version of the content's form: 1 if version 0.1 sealed the round."""
        return VERSION if "v" in self.as_sealed else 1

    @classmethod
    def to_seal(
        cls,
        allocation: Allocation,
        seed: str,
        nonce: str,
        draw: SeedHalves | None = None,
        left_out: Iterable[NeuronAddress] = (),
    ) -> "SealContent":
        """The content of a new seal, in version 2 of its form."""
        neurons = tuple(sorted(left_out))
        content = cls(allocation, seed, nonce, draw, neurons)
        json_object: JsonObject = _SEAL_CONTENT.dump_python(content, mode="json", exclude={"as_sealed"})
        return replace(content, as_sealed={"v": VERSION} | json_object)

    @classmethod
    def from_content(cls, content: JsonValue) -> "SealContent":
        """The content of a seal or an export, from its JSON values. Raises ValueError if they are anything else."""
        if not isinstance(content, dict) or (content.get("v", 1), set(content)) not in _PARTS:
            msg = "it does not hold exactly an allocation, a seed and a nonce, and from version 2 the draw's halves"
            raise ValueError(msg)
        parts = {name: part for name, part in content.items() if name != "v"}
        return replace(_SEAL_CONTENT.validate_python(parts), as_sealed=content)


_PARTS = [
    (1, {"allocation", "seed", "nonce"}),
    (2, {"v", "allocation", "seed", "nonce", "draw", "left_out"}),
]
"""(version of the form, the parts of a seal's content)"""
_SEAL_CONTENT = TypeAdapter(SealContent)
