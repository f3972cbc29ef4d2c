"""Which neurons are dead."""

import numpy as np

from app.harvest.finish.summary import find_dead_neurons


def test_a_neuron_is_dead_if_it_is_faint_in_its_layer_or_fires_in_fewer_than_five_windows() -> None:
    maxima = np.array([1.0, 1.0, 1.0, 0.00099, 0.0011, -1.0, 1.0, 1.0], np.float32)
    firing_window_counts = np.array([5, 4, 100, 100, 100, 0, 9, 9])
    assert find_dead_neurons(maxima, firing_window_counts).tolist() == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
        False,
    ]
