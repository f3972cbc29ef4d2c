"""The exposure register: who knows a round's models, and which of their neurons named evaluators have seen unblinded.

It is computed from the logs and the opened allocations, so that nobody has to keep it up to date.
"""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.foundation.typed_text import seen_form
from app.rounds.allocation import Allocation
from app.rounds.archive_frame import SeenNeurons
from app.services.related_rounds import related_round_ids
from app.store import exposure as exposure_store
from app.store import rounds as round_store
from app.store.sealed import newest_unblinded
from app.store.tables import EventRow
from app.unblinding.opening import read_seal_content

EXPOSING: Mapping[EventAction, str] = {
    "created": "created",
    "key named": "named a key of",
    "key proved": "proved a key of",
    "key read": "read a key of",
    "unblinded": "unblinded",
    "corrected": "corrected",
    "archives browsed": "browsed archives of",
    "gallery opened": "opened the gallery of",
    "results read": "read results of",
    "exported": "exported",
}
"""{action: what it says in the reason} of the actions after which somebody knows models or neurons of a round."""


def reasons_of_exposure(session: Session, round_id: str, name: str) -> tuple[str, ...]:
    """Why the person with this name counts as exposed to a round's models, each as words such as “exported abcd”.

    The logs of the round and of every other round with the same neurons decide. Names that look alike in any letter
    case are taken for one person. Empty if the logs have nothing.
    """
    archives = round_store.archive_paths(session, round_id)
    same_archives = exposure_store.rounds_sharing_archives(session, archives)
    round_ids = {round_id, *same_archives, *related_round_ids(session, round_id)}
    person = _comparable_name(name)
    reasons = [
        f"{EXPOSING[event.action]} round {event.round_id}"
        for event in exposure_store.events_with_actions(session, round_ids, EXPOSING)
        if _is_exposing(event) and person in _people_exposed_by(event)
    ]
    return tuple(dict.fromkeys(reasons))


def _is_exposing(event: EventRow) -> bool:
    """Whether an event shows models or neurons: a blinded export does not."""
    return event.action != "exported" or event.detail.get("blinded") is not True


def _people_exposed_by(event: EventRow) -> set[str]:
    """Who acted, and the person whom the event gives a key."""
    return {_comparable_name(event.actor), _comparable_name(str(event.detail.get("person", event.actor)))}


def _comparable_name(name: str) -> str:
    return seen_form(name).casefold()


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
