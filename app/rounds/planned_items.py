"""A planned item: an item before it has a code. Pure."""

from dataclasses import dataclass

from app.archive.neuron import NeuronStatistics
from app.archive.snippet import Snippet
from app.rounds.allocation import AllocatedItem, ItemKind
from app.rounds.cell import Cell


@dataclass(frozen=True)
class PlannedItem:
    """An item before it has a code: its snippets and their neuron."""

    snippets: tuple[Snippet, ...]
    neuron: NeuronStatistics
    """The neuron whose strengths the snippets have; in a mixture, the main neuron."""
    cell: Cell
    n_layers: int
    """How many layers the cell's model has."""
    kind: ItemKind
    purity: float | None = None
    """Share of snippets from the main neuron; only mixtures have one."""
    rule: str | None = None
    """What the peaks of a planted item have in common."""
    repeated_index: int | None = None
    """Index of the planned item that a repeat repeats."""

    def allocated(self, code: str, repeats: str | None, right_answer: str | None) -> AllocatedItem:
        """The item's entry in the allocation, under this code; `repeats` is the code of the item that it repeats."""
        of_one_neuron = self.kind in ("neuron", "repeat")
        return AllocatedItem(
            item=code,
            arm=self.cell.arm,
            stratum=self.cell.stratum,
            layer=self.neuron.layer,
            n_layers=self.n_layers,
            neuron=self.neuron.index,
            kind=self.kind,
            same_token_share=round(self.neuron.same_token_share, 6) if of_one_neuron else 0.0,
            purity=self.purity,
            repeats=repeats,
            rule=self.rule,
            right_answer=right_answer,
        )
