"""Simulated words and marks of the items of simulated observations."""

from collections.abc import Sequence

import numpy as np

from app.tasks.item import Item, Passage
from app.unblinding.observations import Observation
from tests.report.simulated_round import arms_by_item

WORDS = [f" word{index}" for index in range(300)]
PASSAGES = 4
TOKENS = 40


def simulate_items(
    observations: Sequence[Observation], *, more_marks: float = 0, own_word: float = 0, seed: int = 1
) -> list[Item]:
    """An item of random words and marks for each judged one.

    The arm `solu` has `more_marks` (log of the ratio), and a passage of it has a word of its own with probability
    `own_word`.
    """
    generator = np.random.default_rng(seed)
    items = []
    for code, arm in sorted(arms_by_item(observations).items()):
        is_solu = arm == "solu"
        density = 0.1 * float(np.exp(0.3 * generator.normal() + more_marks * is_solu))
        items.append(Item(code, tuple(_passage(generator, density, own_word * is_solu) for _ in range(PASSAGES))))
    return items


def _passage(generator: np.random.Generator, density: float, own_word: float) -> Passage:
    texts = generator.choice(WORDS, TOKENS).tolist()
    levels = np.where(generator.random(TOKENS) < density, generator.integers(1, 6, TOKENS), 0)
    levels[TOKENS // 2] = 5
    if generator.random() < own_word:
        texts[int(generator.integers(TOKENS))] = " whale"
    return Passage(tuple(texts), tuple(levels.tolist()), TOKENS // 2, "top")
