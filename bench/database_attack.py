"""Attack a database without its key: do any of its views tell arm, stratum, control or repeat of the items?

Every view is compared with every label in three ways: its ranks in one class against the others (location), items
that follow one another in its order (neighbours), and items with their repeats (pairs). Under the hypothesis that
the database says nothing, codes and identities belong together by chance; so identities are permuted over the codes,
all together, and in each way the largest of all statistics is compared with the largest under permutation (Westfall and
Young 1993). An alarm is a statistic that beats its way's largest so clearly that one of the three ways would in one of
1,000 databases that say nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from app.foundation.arrays import Floats, Floats32, Ints
from bench.attacked_round import Identities
from bench.database_views import CrossReference, View, Views

ALPHA = 0.001
"""How often a database that says nothing gives an alarm."""
WAYS = 3
PERMUTATIONS = 3_999
"""The least p-value of an alarm is WAYS / (PERMUTATIONS + 1), which is below ALPHA."""
FEWEST_TIES = 0.9
"""An order is looked at if so many of its values differ."""
LAGS = (1, 2, 3, 6)
"""Arms that take turns meet again three places further, and cells six."""
MOST_VALUES = 8
"""If a view has at most so many values, each of them is looked at, too."""


@dataclass(frozen=True)
class Block:
    """Statistics of one label."""

    label: str
    places: Sequence[str]
    statistics: Floats32
    """[1 + permutation, place] Those of the true identities first."""


@dataclass(frozen=True)
class Alarm:
    """A place that tells a label."""

    place: str
    label: str
    p: float
    """Adjusted for everything that was looked at."""


def attack(views: Views, identities: Identities, seed: int, permutations: int = PERMUTATIONS) -> list[Alarm]:
    """Every place that tells a label, the clearest first."""
    orders = _permutations(len(identities.codes), permutations, seed)
    alarms: list[Alarm] = []
    for way in (
        _locations(views.views, identities, orders),
        _neighbours(views.views, identities, orders),
        _pairs(views, identities, orders),
    ):
        alarms += _alarms(way)
    return sorted(alarms, key=lambda alarm: alarm.p)


def _permutations(item_count: int, permutations: int, seed: int) -> Ints:
    """[1 + permutation, item] The true order first."""
    generator = np.random.default_rng(seed)
    return np.array([np.arange(item_count), *(generator.permutation(item_count) for _ in range(permutations))])


def _alarms(way: Iterator[Block]) -> Iterator[Alarm]:
    """The statistics that beat the largest of all under permutation."""
    blocks = list(way)
    if not blocks:
        return
    largest = np.max([block.statistics.max(axis=1) for block in blocks], axis=0)
    for block in blocks:
        for place, value in zip(block.places, block.statistics[0], strict=True):
            p = WAYS * float(np.mean(largest >= value))
            if p <= ALPHA:
                yield Alarm(place, block.label, p)


def _locations(views: Sequence[View], identities: Identities, orders: Ints) -> Iterator[Block]:
    """For each view and class: how far the class's ranks are from the others', in standard deviations."""
    places, columns = zip(*(named_scores for view in views for named_scores in _scores(view)), strict=True)
    scores = np.array(columns, dtype=np.float32).T
    for label, classes in identities.classes_by_label.items():
        for value in np.unique(classes):
            is_member = classes == value
            share = float(is_member.mean())
            scale = np.sqrt(len(classes) ** 2 / (len(classes) - 1) * share * (1 - share))
            yield Block(label, places, np.abs(is_member[orders].astype(np.float32) @ scores) / np.float32(scale))


def _scores(view: View) -> Iterator[tuple[str, Floats]]:
    """A view's ranks, which numbers it lacks, and each of its values if there are few; mean 0, variance 1."""
    present = ~np.isnan(view.scores)
    yield from _standardized(view.place, _ranks(view.scores))
    yield from _standardized(f"{view.place}: given or not", present.astype(float))
    distinct = np.unique(view.scores[present])
    if 2 < len(distinct) <= MOST_VALUES:
        for value in distinct:
            yield from _standardized(f"{view.place}: {value:g}", (view.scores == value).astype(float))


def _standardized(place: str, scores: Floats) -> Iterator[tuple[str, Floats]]:
    centred = np.nan_to_num(scores - np.nanmean(scores))
    deviation = centred.std()
    if deviation > 0:
        yield place, centred / deviation


def _ranks(scores: Floats) -> Floats:
    present = ~np.isnan(scores)
    ranks = np.full(len(scores), np.nan)
    ranks[present] = rankdata(scores[present])
    return ranks


def _neighbours(views: Sequence[View], identities: Identities, orders: Ints) -> Iterator[Block]:
    """For each order and label: how many items are followed by one of their class."""
    item_count = len(identities.codes)
    ordered = [view for view in views if len(np.unique(view.scores[~np.isnan(view.scores)])) > FEWEST_TIES * item_count]
    places = [f"{view.place} ({lag} apart)" for view in ordered for lag in LAGS]
    for label, classes in identities.classes_by_label.items():
        permuted = np.ascontiguousarray(classes.astype(np.int8)[orders].T)
        counts = [
            (in_order[lag:] == in_order[:-lag]).sum(axis=0, dtype=np.int16)
            for in_order in (permuted[np.argsort(view.scores, kind="stable")] for view in ordered)
            for lag in LAGS
        ]
        if counts:
            yield Block(label, places, _deviations(np.array(counts).T))


def _pairs(views: Views, identities: Identities, orders: Ints) -> Iterator[Block]:
    """For each view: how near items are to their repeats, how often they are equal, and what rows say of both."""
    if len(identities.repeat_pairs) == 0:
        return
    positions = np.argsort(orders, axis=1)
    first, second = positions[:, identities.repeat_pairs[:, 0]], positions[:, identities.repeat_pairs[:, 1]]
    places, columns = [], []
    for view in views.views:
        ranks = np.nan_to_num(_ranks(view.scores)).astype(np.float32)
        differences = np.abs(ranks[first] - ranks[second])
        places += [f"{view.place}: difference", f"{view.place}: equality"]
        columns += [differences.sum(axis=1), (differences == 0).sum(axis=1)]
    for cross in views.cross_references:
        for place, values in _pair_scores(cross):
            places.append(place)
            columns.append((values[first, second] + values[second, first]).sum(axis=1))
    yield Block("repeat", places, _deviations(np.array(columns).T))


def _pair_scores(cross: CrossReference) -> Iterator[tuple[str, Floats]]:
    """Whether a row says something about another item, and how much more than it says of others."""
    present = ~np.isnan(cross.scores)
    yield f"{cross.place}: named", present.astype(float)
    said = cross.scores[present]
    if said.std() > 0:
        yield cross.place, np.where(present, (cross.scores - said.mean()) / said.std(), 0.0)


def _deviations(statistics: Floats32 | Ints) -> Floats32:
    """How far each is from its mean under permutation; rare events count little, or they would drown the others."""
    columns = statistics.astype(np.float32)
    deviations: Floats32 = np.abs(columns - columns.mean(axis=0)) / (columns.std(axis=0) + 1)
    return deviations
