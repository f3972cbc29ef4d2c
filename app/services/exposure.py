"""The exposure register: who knows a round's models, and which of their neurons named evaluators have seen unblinded.

It is computed from the logs and the opened allocations, so that nobody has to keep it up to date.
"""

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from app.evidence.entries import EventAction
from app.foundation.typed_text import person_form
from app.rounds.allocation import Allocation
from app.rounds.archive_frame import SeenNeurons
from app.services.related_rounds import archives_of_same_neurons, rounds_on_same_models
from app.store import evaluators as evaluator_store
from app.store import exposure as exposure_store
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
    "archives shown": "looked at archives of",
    "gallery opened": "opened the gallery of",
    "results read": "read results of",
    "exported": "exported",
}
"""{action: what it says in the reason} of the actions after which somebody knows models or neurons of a round."""


def reasons_of_exposure(session: Session, round_id: str, name: str) -> tuple[str, ...]:
    """Why the person with this name counts as exposed to a round's models, each as words such as “exported abcd”.

    The logs of the round and of every other round with one of its models decide, as they are now. Names that look alike
    in any letter case are taken for one person. Empty if the logs have nothing.
    """
    return reasons_by_person(session, round_id).get(person_form(name), ())


def reasons_by_person(session: Session, round_id: str) -> dict[str, tuple[str, ...]]:
    """{name as `person_form` writes it: why they count as exposed} of everyone whom the logs call exposed now."""
    round_ids = {round_id, *rounds_on_same_models(session, round_id)}
    reasons: dict[str, dict[str, None]] = {}
    for event in exposure_store.events_with_actions(session, round_ids, EXPOSING):
        if _is_exposing(event):
            for person in _people_exposed_by(event):
                reasons.setdefault(person, {})[f"{EXPOSING[event.action]} round {event.round_id}"] = None
    return {person: tuple(reasons_of_person) for person, reasons_of_person in reasons.items()}


def group_reasons(reasons: Collection[str]) -> list[str]:
    """The same reasons with one line for each round, such as “round abcd: created, unblinded”, for people to read."""
    lines: dict[str, list[str]] = {}
    for reason in reasons:
        action, is_about_round, round_id = reason.rpartition(" round ")
        lines.setdefault(f"round {round_id}" if is_about_round else reason, []).extend([action] * bool(action))
    return [f"{about}: {', '.join(actions)}" if actions else about for about, actions in lines.items()]


def _is_exposing(event: EventRow) -> bool:
    """Whether an event shows models or neurons: a blinded export does not."""
    return event.action != "exported" or event.detail.get("blinded") is not True


def _people_exposed_by(event: EventRow) -> set[str]:
    """Who acted, and the person whom the event gives a key."""
    return {person_form(event.actor), person_form(str(event.detail.get("person", event.actor)))}


def seen_neurons(
    session: Session, names: Collection[str], fingerprints_by_address: Mapping[str, Collection[str]]
) -> SeenNeurons:
    """The neurons that any of `names` judged in a round that is unblinded now; no frame may contain them."""
    return frozenset().union(*seen_neurons_by_round(session, names, fingerprints_by_address).values())


def seen_neurons_by_round(
    session: Session, names: Collection[str], fingerprints_by_address: Mapping[str, Collection[str]]
) -> dict[str, SeenNeurons]:
    """{id of a round that is unblinded now: the neurons of these archives that any of `names` judged in it}.

    They are the same neurons in any archive of the same model, and a name is the same person in any letter case.
    """
    if not names:
        return {}
    people = {person_form(name) for name in names}
    same_neurons = archives_of_same_neurons(session, fingerprints_by_address)
    neurons_seen: dict[str, SeenNeurons] = {}
    for round_id in exposure_store.rounds_sharing_archives(session, same_neurons):
        unblinded = newest_unblinded(session, round_id)
        if unblinded is not None:
            items = exposure_store.items_judged_by(session, round_id, _pseudonyms_of(session, round_id, people))
            neurons = _neurons_of_items(read_seal_content(unblinded.opened).allocation, items)
            neurons_seen[round_id] = frozenset(
                (own_address, layer, neuron)
                for address, layer, neuron in neurons
                for own_address in same_neurons.get(address, ())
            )
    return {round_id: neurons for round_id, neurons in neurons_seen.items() if neurons}


def _pseudonyms_of(session: Session, round_id: str, people: Collection[str]) -> list[str]:
    """The pseudonyms in a round of the people with these names, as `person_form` writes them."""
    evaluators = evaluator_store.evaluators_of_round(session, round_id)
    return [evaluator.name for evaluator in evaluators if person_form(evaluator.name) in people]


def _neurons_of_items(allocation: Allocation, item_codes: set[str]) -> set[tuple[str, int, int]]:
    archives = {(cell.arm, cell.stratum): cell.archive_sha256 for cell in allocation.cells}
    return {
        (archives[allocated.arm, allocated.stratum], allocated.layer, allocated.neuron)
        for allocated in allocation.items
        if allocated.item in item_codes
    }
