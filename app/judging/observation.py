"""An observation: a judgment joined with its allocation. It exists only after unblinding. Pure."""

from dataclasses import dataclass
from typing import Literal

from app.judging.judgment import Judgment

Kind = Literal["neuron", "planted", "purity", "repeat", "training"]


@dataclass(frozen=True)
class Allocated:
    """What the allocation says of one item."""

    item: str
    arm: str
    stratum: str
    """Size and replicate, such as "1L/0"."""
    layer: int
    n_layers: int
    neuron: int
    kind: Kind = "neuron"
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
    allocated: Allocated
    revisions: int = 0
    """How often the verdict was changed."""
