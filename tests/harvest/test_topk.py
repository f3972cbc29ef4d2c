"""The store against sorting everything: ties, near-duplicates, merging in any order."""

from dataclasses import fields
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from app.harvest.scan.topk import NEVER, Entries, TopStore

NEURONS, K, POSITIONS = 3, 4, 5
Row = tuple[int, int, int, int]  # neuron, value, window, key

rows = st.lists(
    st.tuples(st.integers(0, NEURONS - 1), st.integers(-3, 3), st.integers(0, 30), st.integers(0, 6)), max_size=60
).map(
    lambda drawn: list(
        {(neuron, window): (neuron, value, window, key) for neuron, value, window, key in drawn}.values()
    )
)


def entries(offered: list[Row]) -> Entries:
    """Sorted by neuron, as the store wants them; activations say which window and neuron they are of."""
    table = np.array(sorted(offered, key=lambda one: one[0]), np.int64).reshape(-1, 4)
    activations = np.repeat((table[:, 0] * 1000 + table[:, 2])[:, None], POSITIONS, 1).astype(np.float32)
    return Entries(
        table[:, 0],
        table[:, 1].astype(np.float32),
        table[:, 2],
        table[:, 2] % 5,
        table[:, 3].astype(np.uint64),
        activations,
    )


def expected(offered: list[Row], neuron: int) -> list[tuple[int, int]]:
    kept: list[tuple[int, int]] = []
    seen = set()
    for _, value, window, key in sorted(offered, key=lambda one: (-one[1], one[2])):
        if _ == neuron and key not in seen:
            seen.add(key)
            kept.append((value, window))
    return kept[:K]


def held(store: TopStore, neuron: int) -> list[tuple[int, int]]:
    places = [slot for slot in store.ranked()[neuron] if store.windows[neuron, slot] != NEVER]
    assert all(
        (store.activations[neuron, slot] == neuron * 1000 + store.windows[neuron, slot]).all() for slot in places
    )
    assert all(store.peaks[neuron, slot] == store.windows[neuron, slot] % 5 for slot in places)
    return [(int(store.values[neuron, slot]), int(store.windows[neuron, slot])) for slot in places]


@settings(max_examples=200, deadline=None)
@given(offered=rows, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_batches_in_any_number_keep_what_sorting_everything_keeps(offered: list[Row], cuts: list[int]) -> None:
    store = TopStore(NEURONS, K, POSITIONS)
    edges = [0, *sorted(min(cut, len(offered)) for cut in cuts), len(offered)]
    for begin, end in pairwise(edges):
        store.offer(entries(offered[begin:end]))
    for neuron in range(NEURONS):
        assert held(store, neuron) == expected(offered, neuron)


@settings(max_examples=100, deadline=None)
@given(offered=rows, owners=st.lists(st.integers(0, 2), min_size=60, max_size=60), order=st.permutations(range(3)))
def test_merging_is_associative_and_in_any_order(offered: list[Row], owners: list[int], order: list[int]) -> None:
    parts = [TopStore(NEURONS, K, POSITIONS) for _ in range(3)]
    for number, part in enumerate(parts):
        part.offer(entries([row for row, owner in zip(offered, owners, strict=False) if owner == number]))
    merged = TopStore(NEURONS, K, POSITIONS)
    for number in order:
        merged.merge(parts[number])
    for neuron in range(NEURONS):
        assert held(merged, neuron) == expected(offered, neuron)


@settings(max_examples=100, deadline=None)
@given(offered=rows)
def test_only_windows_that_beat_the_floor_can_enter(offered: list[Row]) -> None:
    half = len(offered) // 2
    store = TopStore(NEURONS, K, POSITIONS)
    store.offer(entries(offered[:half]))
    before = [held(store, neuron) for neuron in range(NEURONS)]
    for neuron, value, window, key in offered[half:]:
        maxima = np.full((1, NEURONS), -np.inf, np.float32)
        maxima[0, neuron] = value
        beats = store.beating(maxima, np.array([window]))[0, neuron]
        trial = TopStore(NEURONS, K, POSITIONS)
        trial.restore(store.state())
        trial.offer(entries([(neuron, value, window, key)]))
        assert beats or held(trial, neuron) == before[neuron]


def test_a_restored_store_is_the_store() -> None:
    store, other = TopStore(NEURONS, K, POSITIONS), TopStore(NEURONS, K, POSITIONS)
    store.offer(entries([(0, 3, 1, 0), (0, 2, 2, 1), (2, 1, 3, 0)]))
    other.restore(store.state())
    assert all(
        (getattr(store, name) == getattr(other, name)).all() for name in (*store.fields, "floor", "floor_window")
    )
    assert {one.name for one in fields(Entries)} == {"neurons", *store.fields}
