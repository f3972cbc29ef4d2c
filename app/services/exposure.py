"""The exposure register: who knows a round's models, and which of their neurons named evaluators have seen unblinded.

It is computed from the logs and the opened allocations, so that nobody has to keep it up to date.
"""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.rounds.allocation import Allocation
from app.rounds.archive_frame import SeenNeurons
from app.store import exposure as exposure_store
from app.store import rounds as round_store
from app.store.sealed import newest_unblinded
from app.unblinding.opening import read_seal_content

EXPOSING: tuple[EventAction, ...] = ("created", "key read", "unblinded", "archives browsed")
"""Someone who took one of these actions knows which models are compared, or which neuron an item shows."""


def knows_the_models(session: Session, round_id: str, name: str) -> bool:
    """Whether this person created a round on the same archives, read a key of one, or saw one unblinded."""
    archives = round_store.archive_paths(session, round_id)
    related_rounds = exposure_store.rounds_sharing_archives(session, archives)
    return name in exposure_store.actors_of(session, related_rounds, EXPOSING)


def seen_neurons(session: Session, names: Collection[str], archives: Collection[str]) -> SeenNeurons:
    """The neurons that any of `names` judged in a round that is unblinded now; no frame may contain them."""
    return frozenset().union(*seen_neurons_by_round(session, names, archives).values())


def seen_neurons_by_round(
    session: Session, names: Collection[str], archives: Collection[str]
) -> dict[str, SeenNeurons]:
    """{id of a round that is unblinded now: the neurons of these archives that any of `names` judged in it}."""
    if not names:
        return {}
    neurons_seen: dict[str, SeenNeurons] = {}
    for round_id in exposure_store.rounds_sharing_archives(session, archives):
        unblinded = newest_unblinded(session, round_id)
        if unblinded is not None:
            items = exposure_store.items_judged_by(session, round_id, names)
            neurons = _neurons_of_items(read_seal_content(unblinded.opened).allocation, items)
            neurons_seen[round_id] = frozenset(neuron for neuron in neurons if neuron[0] in archives)
    return {round_id: neurons for round_id, neurons in neurons_seen.items() if neurons}


def _neurons_of_items(allocation: Allocation, item_codes: set[str]) -> set[tuple[str, int, int]]:
    archives = {(cell.arm, cell.stratum): cell.archive_sha256 for cell in allocation.cells}
    return {
        (archives[allocated.arm, allocated.stratum], allocated.layer, allocated.neuron)
        for allocated in allocation.items
        if allocated.item in item_codes
    }
