"""The learning rate over the steps."""

import pytest

from app.models.recipe import Recipe


def test_the_learning_rate_rises_to_its_peak_and_falls_to_a_tenth() -> None:
    recipe = Recipe(steps=1000, learning_rate=1.0, warmup=100)
    rates = [recipe.learning_rate_at(step) for step in range(1000)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == rates[99] == rates[100] == 1.0
    assert rates[550] == pytest.approx(0.55)
    assert rates[-1] == pytest.approx(0.1, abs=1e-4)
    assert rates[100:] == sorted(rates[100:], reverse=True)
