"""The store keeps what sorting all entries would keep: ties, near-duplicates, merging in any order."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.harvest.scan.priority_store import NO_ENTRY, PriorityStore, StoreEntries
from tests.harvest.stores import columns_by_rank

NEURONS, K, POSITIONS = 3, 4, 5
Offer = tuple[int, int, int, int]
"""Neuron, value, window and key."""

offer_lists = st.lists(
    st.tuples(st.integers(0, NEURONS - 1), st.integers(-3, 3), st.integers(0, 30), st.integers(0, 6)), max_size=60
).map(
    lambda drawn: list(
        {(neuron, window): (neuron, value, window, key) for neuron, value, window, key in drawn}.values()
    )
)


def make_entries(offers: list[Offer]) -> StoreEntries:
    """Entries whose activations are made from the numbers of their window and neuron."""
    table = np.array(sorted(offers, key=lambda offer: offer[0]), np.int64).reshape(-1, 4)
    activations = np.repeat((table[:, 0] * 1000 + table[:, 2])[:, None], POSITIONS, 1).astype(np.float32)
    return StoreEntries(
        store_rows=table[:, 0],
        priorities=table[:, 1].astype(np.float32),
        entry_numbers=table[:, 2],
        payloads=table[:, 2] % 5,
        duplicate_keys=table[:, 3].astype(np.uint64),
        activations=activations,
    )


def expected_content(offers: list[Offer], neuron: int) -> list[tuple[int, int]]:
    """(value, window) of a neuron's entries by rank, from sorting all offers."""
    content: list[tuple[int, int]] = []
    keys = set()
    for owner, value, window, key in sorted(offers, key=lambda offer: (-offer[1], offer[2])):
        if owner == neuron and key not in keys:
            keys.add(key)
            content.append((value, window))
    return content[:K]


def content_of(store: PriorityStore, neuron: int) -> list[tuple[int, int]]:
    """(value, window) of a neuron's entries by rank."""
    columns = [column for column in columns_by_rank(store)[neuron] if store.entry_numbers[neuron, column] != NO_ENTRY]
    for column in columns:
        assert (store.activations[neuron, column] == neuron * 1000 + store.entry_numbers[neuron, column]).all()
        assert store.payloads[neuron, column] == store.entry_numbers[neuron, column] % 5
    return [(int(store.priorities[neuron, column]), int(store.entry_numbers[neuron, column])) for column in columns]


@settings(max_examples=200, deadline=None)
@given(offers=offer_lists, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_entries_offered_in_any_number_of_batches_are_kept_as_if_all_were_sorted(
    offers: list[Offer], cuts: list[int]
) -> None:
    store = PriorityStore(NEURONS, K, POSITIONS)
    edges = [0, *sorted(min(cut, len(offers)) for cut in cuts), len(offers)]
    for begin, end in pairwise(edges):
        store.offer(make_entries(offers[begin:end]))
    for neuron in range(NEURONS):
        assert content_of(store, neuron) == expected_content(offers, neuron)


@settings(max_examples=100, deadline=None)
@given(
    offers=offer_lists, owners=st.lists(st.integers(0, 2), min_size=60, max_size=60), order=st.permutations(range(3))
)
def test_stores_merged_in_any_order_have_the_same_entries(
    offers: list[Offer], owners: list[int], order: list[int]
) -> None:
    parts = [PriorityStore(NEURONS, K, POSITIONS) for _ in range(3)]
    for number, part in enumerate(parts):
        part.offer(make_entries([offer for offer, owner in zip(offers, owners, strict=False) if owner == number]))
    merged = PriorityStore(NEURONS, K, POSITIONS)
    for number in order:
        merged.merge(parts[number])
    for neuron in range(NEURONS):
        assert content_of(merged, neuron) == expected_content(offers, neuron)


@settings(max_examples=100, deadline=None)
@given(offers=offer_lists)
def test_a_window_that_would_not_enter_changes_nothing_when_it_is_offered(offers: list[Offer]) -> None:
    half = len(offers) // 2
    store = PriorityStore(NEURONS, K, POSITIONS)
    store.offer(make_entries(offers[:half]))
    before = [content_of(store, neuron) for neuron in range(NEURONS)]
    for neuron, value, window, key in offers[half:]:
        maxima = np.full((1, NEURONS), -np.inf, np.float32)
        maxima[0, neuron] = value
        beats_floor = store.would_enter(maxima, np.array([window]))[0, neuron]
        trial = PriorityStore(NEURONS, K, POSITIONS)
        trial.restore(store.state())
        trial.offer(make_entries([(neuron, value, window, key)]))
        assert beats_floor or content_of(trial, neuron) == before[neuron]


def test_a_restored_store_has_the_entries_that_were_saved() -> None:
    store, restored = PriorityStore(NEURONS, K, POSITIONS), PriorityStore(NEURONS, K, POSITIONS)
    store.offer(make_entries([(0, 3, 1, 0), (0, 2, 2, 1), (2, 1, 3, 0)]))
    restored.restore(store.state())
    assert all(
        (getattr(store, name) == getattr(restored, name)).all()
        for name in (*store.fields, "floor", "floor_entry_numbers")
    )
    assert {field.name for field in fields(StoreEntries)} == {"store_rows", *store.fields}
