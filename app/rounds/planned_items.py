"""A planned item: what a round shows of one neuron, before it has a code. Pure."""

from dataclasses import dataclass

from app.archive.neuron import NeuronStatistics
from app.archive.snippet import Snippet
from app.rounds.allocation import AllocatedItem, ItemKind
from app.rounds.design import Cell
from app.rounds.item import PracticeAnswer


@dataclass(frozen=True)
class PlannedItem:
    """The snippets of an item to be, and whose they are."""

    snippets: tuple[Snippet, ...]
    neuron: NeuronStatistics
    """Whose strengths these are; of a mixture, the main one."""
    cell: Cell
    n_layers: int
    """Layers of the cell's model."""
    kind: ItemKind
    purity: float | None = None
    """Of a mixture: the share of snippets from the main neuron."""
    rule: str | None = None
    """Of a planted item: what its peaks have in common."""
    repeated_index: int | None = None
    """Of a repeat: which of the planned items it repeats."""

    def allocated(self, code: str, repeats: str | None) -> AllocatedItem:
        """What the allocation says of the item under this code; `repeats` is the code of the item that it repeats."""
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
        )

    def practice_answer(self) -> PracticeAnswer:
        """What is expected on the item, if it is for practice."""
        return {"verdict": "interpretable" if self.rule else "not_interpretable", "rule": self.rule or ""}
