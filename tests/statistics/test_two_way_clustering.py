"""The interval for evaluators like these, by simulation."""

import numpy as np

from app.statistics.two_way_clustering import JudgedCell, difference_for_evaluators_like_these


def simulate_study(
    generator: np.random.Generator, evaluator_count: int, spread: float, effect: float
) -> list[JudgedCell]:
    """A crossed study in which evaluators differ in leniency and, by `spread`, in their own difference."""
    leniency, own_difference = generator.normal(0, 0.1, evaluator_count), generator.normal(0, spread, evaluator_count)
    judged_cells = []
    for sign in (1, -1):
        base = 0.4 + (effect if sign > 0 else 0)
        chance = np.clip(base + leniency + sign * own_difference / 2, 0.02, 0.98)
        difficulty = generator.uniform(size=(60, 1)) * 0.6 + generator.uniform(size=(60, evaluator_count)) * 0.4
        ranks = difficulty.argsort(axis=0).argsort(axis=0) / 60
        verdicts = (ranks < chance).astype(float)
        neuron, evaluator = np.indices(verdicts.shape)
        judged_cells.append(JudgedCell(neuron.ravel(), evaluator.ravel(), verdicts.ravel(), 0.0, float(sign)))
    return judged_cells


def test_the_interval_for_evaluators_like_these_needs_five_evaluators() -> None:
    generator = np.random.default_rng(0)
    assert difference_for_evaluators_like_these(simulate_study(generator, 4, 0.1, 0.2), 0.2, 4) is None
    assert difference_for_evaluators_like_these(simulate_study(generator, 5, 0.1, 0.2), 0.2, 5) is not None


def test_the_interval_for_evaluators_like_these_contains_the_true_difference_often_enough() -> None:
    generator = np.random.default_rng(4)
    hits = 0
    for _ in range(300):
        study = simulate_study(generator, 8, 0.12, 0.2)
        difference = float(study[0].score.mean() - study[1].score.mean())
        estimate = difference_for_evaluators_like_these(study, difference, 8)
        assert estimate is not None
        hits += estimate.interval.lower <= 0.2 <= estimate.interval.upper
    assert hits / 300 > 0.92
