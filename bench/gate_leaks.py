"""Leaks of every kind that the leak audit's gate checks, planted in made-up features and walks of 40 items."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from app.foundation.arrays import FloatMatrix, IntVector
from app.leak_audit.findings import find_lengths, find_names_in_responses, find_swap_differences
from app.leak_audit.permutation_test import REFUSAL_P, association_test
from app.leak_audit.responses import FetchedResponse, ProbeWalks
from bench.made_up_walk import MadeUpWalk, make_up_walk
from bench.response_leaks import RESPONSE_LEAKS, response_leak_finder

ITEMS = 40
CLEAN_COLUMNS = 12
Finder = Callable[[np.random.Generator], bool]
"""Plants a leak at random, and says whether it was found."""
Plant = Callable[[FloatMatrix, IntVector, np.random.Generator], None]
"""Changes columns of features [item, feature] by the arms [item]."""


def _finds(plant: Plant, arm_count: int = 2, stratum_count: int = 1) -> Finder:
    """Whether the permutation test refuses a clean table of 40 items with the plant in it."""

    def find(generator: np.random.Generator) -> bool:
        arm_labels = generator.permutation(np.arange(ITEMS) % arm_count)
        strata = [f"{1 + index * stratum_count // ITEMS}L" for index in range(ITEMS)]
        features = generator.normal(size=(ITEMS, CLEAN_COLUMNS))
        plant(features, arm_labels, generator)
        names = [str(index) for index in range(features.shape[1])]
        return association_test(features, names, arm_labels, strata, generator).p <= REFUSAL_P

    return find


def _longer(features: FloatMatrix, arm_labels: IntVector, _generator: np.random.Generator) -> None:
    features[:, 0] = 700 + (arm_labels == 1)


def _often_cached(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = generator.random(len(arm_labels)) < np.where(arm_labels == 1, 0.95, 0.05)


def _slower(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = -4 + 0.1 * generator.normal(size=len(arm_labels)) + 0.3 * (arm_labels == 1)


def _sorted(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = np.argsort(np.argsort(arm_labels + 0.5 * generator.random(len(arm_labels))))


def _alternating(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    positions = np.zeros(len(arm_labels))
    positions[arm_labels == 1] = 2 * generator.permutation(int((arm_labels == 1).sum())) + 1
    positions[arm_labels != 1] = 2 * generator.permutation(int((arm_labels != 1).sum()))
    features[:, 0], features[:, 1] = positions, positions % 2


def _never_medium(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = np.where(arm_labels == 1, generator.choice([690, 710], len(arm_labels)), 700)


def _two_together(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = generator.integers(0, 2, len(arm_labels))
    features[:, 1] = (features[:, 0] + arm_labels) % 2


def _many_weak(features: FloatMatrix, arm_labels: IntVector, _generator: np.random.Generator) -> None:
    features += 1.1 * (arm_labels == 1)[:, np.newaxis]


def _in_one_stratum(features: FloatMatrix, arm_labels: IntVector, generator: np.random.Generator) -> None:
    features[:, 0] = generator.normal(size=len(arm_labels))
    features[: ITEMS // 2, 0] = 5.0 * arm_labels[: ITEMS // 2]


STATISTICAL_LEAKS: Mapping[str, Finder] = {
    "a byte more in one arm's headers": _finds(_longer),
    "a header that 19 of 20 items of one arm have, and 1 of 20 of the other": _finds(_often_cached),
    "one arm answers 30 % slower, times scatter by 10 %": _finds(_slower),
    "one arm comes first": _finds(_sorted),
    "arms alternate": _finds(_alternating),
    "long or short in one arm, medium in the other": _finds(_never_medium),
    "two features that tell only together": _finds(_two_together),
    "every feature tells a little": _finds(_many_weak),
    "one arm of three": _finds(_longer, arm_count=3),
    "only in one of two strata": _finds(_in_one_stratum, stratum_count=2),
    **{name: response_leak_finder(name, REFUSAL_P) for name in RESPONSE_LEAKS},
}


def _walk_of(walk: MadeUpWalk) -> ProbeWalks:
    return ProbeWalks(tuple(walk.responses), ())


def _clean_walk(generator: np.random.Generator) -> MadeUpWalk:
    return make_up_walk(int(generator.integers(2**31)))


def _change_one(
    walk: MadeUpWalk, change: Callable[[FetchedResponse], FetchedResponse], generator: np.random.Generator
) -> list[FetchedResponse]:
    """The walk's responses, one of which, drawn at random, is changed."""
    responses = list(walk.responses)
    index = int(generator.integers(len(responses)))
    responses[index] = change(responses[index])
    return responses


def _finds_changed_byte(generator: np.random.Generator) -> bool:
    walk = _clean_walk(generator)
    swapped = _change_one(
        walk, lambda response: replace(response, body=response.body.replace(b"t", b"T", 1)), generator
    )
    return bool(find_swap_differences(_walk_of(walk), ProbeWalks(tuple(swapped), ()), walk.material))


def _finds_changed_order(generator: np.random.Generator) -> bool:
    walk = _clean_walk(generator)
    swapped = list(walk.responses)
    index = int(generator.integers(len(swapped) - 1))
    swapped[index], swapped[index + 1] = swapped[index + 1], swapped[index]
    return bool(find_swap_differences(_walk_of(walk), ProbeWalks(tuple(swapped), ()), walk.material))


def _finds_name(generator: np.random.Generator) -> bool:
    walk = _clean_walk(generator)
    name = str(generator.choice(walk.material.names)).encode()
    pages = _change_one(walk, lambda response: replace(response, body=response.body + b"<!-- %s -->" % name), generator)
    return bool(find_names_in_responses(pages, walk.material.fragments, walk.material.names))


def _finds_length(generator: np.random.Generator) -> bool:
    walk = _clean_walk(generator)
    return bool(
        find_lengths(_change_one(walk, lambda response: replace(response, body=response.body + b" "), generator))
    )


EXACT_LEAKS: Mapping[str, Finder] = {
    "a byte of one page changes when the arms are swapped": _finds_changed_byte,
    "two pages change places when the arms are swapped": _finds_changed_order,
    "an arm's name in one page": _finds_name,
    "one page is a byte longer": _finds_length,
}
