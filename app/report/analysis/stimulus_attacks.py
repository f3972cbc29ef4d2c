"""How well a program tells treatment from reference by the marks alone, the words alone, and both.

Each item is scored by a fit to the other items, without those that show a window of text that it shows too: one window
can be the peak of two like neurons of a model, and to find it again is not to recognise the model.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.foundation.arrays import Bools, FloatMatrix
from app.report.analysis.frame import AnalysisFrame
from app.report.analysis.stimulus_features import mark_features, shares_window, vocabulary, word_features
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.held_out_scores import (
    gaussian_kernel,
    held_out_aucs,
    held_out_weights,
    linear_kernel,
    standardised_columns,
)
from app.statistics.resampling import seeded_generator
from app.tasks.item import Item
from app.unblinding.observations import Observation


@dataclass(frozen=True)
class StimulusAttack:
    """What an attacker makes of one part of the stimulus; an AUC of 0.5 gives nothing away."""

    part: str
    """`marks`, `words`, or `both`."""
    auc: float
    p: float
    """The share of shuffles of the arms within strata, this order among them, that give at least this AUC."""
    usual: float
    """95 of 100 shuffles give at most this AUC."""
    shuffles: int
    items: int


@dataclass(frozen=True)
class _ComparedItems:
    """The judged items of the two compared arms, by code."""

    items: tuple[Item, ...]
    labels: Bools
    """[item] Whether it is of the treatment arm."""
    positions_by_stratum: tuple[tuple[int, ...], ...]


def stimulus_attacks(
    observations: Sequence[Observation], items: Sequence[Item], frame: AnalysisFrame
) -> tuple[StimulusAttack, ...]:
    """The attacks on the marks, the words and both; none if no stratum has judged items enough of both arms."""
    compared = _compared_items(observations, items, frame)
    if not compared.positions_by_stratum:
        return ()
    excluded_pairs = shares_window(compared.items)
    shuffled = _shuffled_labels(compared, frame)
    kernels = _kernels(compared.items)
    attacks = []
    for part, kernel in kernels.items():
        weights = held_out_weights(kernel, excluded_pairs)
        aucs = held_out_aucs(weights, excluded_pairs, shuffled, compared.positions_by_stratum)
        observed, by_chance = float(aucs[0]), aucs[1:]
        reaching = int((aucs >= observed - CONSTANTS.tie_tolerance).sum())
        usual = float(np.quantile(by_chance, CONSTANTS.level, method="higher"))
        attacks.append(StimulusAttack(part, observed, reaching / len(aucs), usual, len(by_chance), len(compared.items)))
    return tuple(attacks)


def _kernels(items: Sequence[Item]) -> dict[str, FloatMatrix]:
    """{part of the stimulus: how alike the items are in it, [item, item]}."""
    marks, words = standardised_columns(mark_features(items)), standardised_columns(word_features(items))
    of_marks = linear_kernel(marks) + gaussian_kernel(marks)
    of_words = linear_kernel(words) + gaussian_kernel(words) + linear_kernel(vocabulary(items))
    return {"marks": of_marks, "words": of_words, "both": of_marks + of_words}


def _compared_items(observations: Sequence[Observation], items: Sequence[Item], frame: AnalysisFrame) -> _ComparedItems:
    """The judged items of the strata that have enough of both arms, at most as many as the plan's attackers get."""
    cell_by_item = {
        observation.allocated.item: (observation.allocated.arm, observation.allocated.stratum)
        for observation in observations
    }
    compared_arms = (frame.treatment, frame.reference)
    candidates = [item for item in items if cell_by_item.get(item.code, ("",))[0] in compared_arms]
    attacked = sorted(_drawn_items(candidates, frame), key=lambda item: item.code)
    cells = [cell_by_item[item.code] for item in attacked]
    counts = {stratum: [cells.count((arm, stratum)) for arm in compared_arms] for stratum in frame.strata}
    usable = [stratum for stratum in frame.strata if min(counts[stratum]) >= CONSTANTS.fewest_items_for_auc]
    usable_indices = [index for index, (_, stratum) in enumerate(cells) if stratum in usable]
    strata = [cells[index][1] for index in usable_indices]
    return _ComparedItems(
        items=tuple(attacked[index] for index in usable_indices),
        labels=np.array([cells[index][0] == frame.treatment for index in usable_indices], dtype=np.bool_),
        positions_by_stratum=tuple(
            tuple(position for position, name in enumerate(strata) if name == stratum) for stratum in usable
        ),
    )


def _drawn_items(candidates: Sequence[Item], frame: AnalysisFrame) -> list[Item]:
    """As many items as the attackers get: those whose codes have the smallest digests with the round's seed."""

    def digest(item: Item) -> bytes:
        return hashlib.sha256(f"{frame.seed}\0attacked\0{item.code}".encode()).digest()

    return sorted(candidates, key=digest)[: CONSTANTS.most_attacked_items]


def _shuffled_labels(compared: _ComparedItems, frame: AnalysisFrame) -> Bools:
    """The labels as they are, and shuffled within strata as often as the plan says, [draw, item]."""
    codes = hashlib.sha256("\0".join(item.code for item in compared.items).encode()).hexdigest()
    generator = seeded_generator(frame.seed, "stimulus", codes)
    shuffled = np.tile(compared.labels, (1 + frame.numbers.attack_shuffles, 1))
    for positions in compared.positions_by_stratum:
        shuffled[1:, positions] = generator.permuted(shuffled[1:, positions], axis=1)
    return shuffled
