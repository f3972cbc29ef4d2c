"""The table of drawn neurons: one row each, dead ones without an item."""

from collections.abc import Iterable, Iterator
from typing import Any

from app.rounds.allocation import Allocation
from app.unblinding.observations import Observation

NEURON_COLUMNS = (
    "item",
    "arm",
    "stratum",
    "layer",
    "neuron",
    "kind",
    "dead",
    "same_token_share",
    "judgments",
    "interpretable",
)


def neuron_rows(allocation: Allocation, observations: Iterable[Observation]) -> Iterator[dict[str, Any]]:
    """Every allocated item with its votes, then the dead neurons of each cell."""
    votes: dict[str, list[bool]] = {}
    for one in observations:
        votes.setdefault(one.allocated.item, []).append(one.judgment.verdict == "interpretable")
    for allocated in allocation.items:
        found = votes.get(allocated.item, [])
        yield {
            "item": allocated.item,
            "arm": allocated.arm,
            "stratum": allocated.stratum,
            "layer": allocated.layer,
            "neuron": allocated.neuron,
            "kind": allocated.kind,
            "dead": False,
            "same_token_share": allocated.same_token_share,
            "judgments": len(found),
            "interpretable": sum(found),
        }
    for cell in allocation.cells:
        for layer, neuron in cell.dead_neurons:
            yield {
                "item": None,
                "arm": cell.arm,
                "stratum": cell.stratum,
                "layer": layer,
                "neuron": neuron,
                "kind": "neuron",
                "dead": True,
                "same_token_share": None,
                "judgments": 0,
                "interpretable": 0,
            }
