"""The smallest activation at which a neuron fires."""

import numpy as np
import pytest

from app.archive.levels import relative_strength
from app.harvest.finish.exact_statistics import firing_thresholds


@pytest.mark.parametrize("maximum", [1e-30, 0.1, 0.3, 1.0, 3.3, 1e6])
def test_the_firing_threshold_is_the_smallest_activation_of_strength_a_tenth(maximum: float) -> None:
    maxima = np.array([maximum], np.float32)
    threshold = firing_thresholds(maxima)[0]
    assert relative_strength(float(threshold), float(maxima[0])) >= 0.1
    assert relative_strength(float(np.nextafter(threshold, np.float32(0))), float(maxima[0])) < 0.1


def test_a_neuron_that_is_never_positive_never_fires() -> None:
    assert np.isinf(firing_thresholds(np.array([0.0, -1.0], np.float32))).all()
