"""Whether evaluators could tell the arms apart: what they guessed, and how they sorted items into piles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import AliasChoices, Field
from scipy import stats

from app.foundation.arrays import Floats, Ints
from app.report.analysis.estimates import NamedEvaluator, finite_interval, finite_number
from app.report.analysis.frame import AnalysisFrame, Guess, PiledItem
from app.report.analysis.released_names import WITHIN_COUNTED
from app.rounds.planned_numbers import CONSTANTS
from app.statistics.blinding import BlindingIndex, bang_indices, james_index
from app.statistics.intervals import Interval
from app.statistics.resampling import percentile_interval, seeded_generator
from app.unblinding.observations import Observation

GuessCounts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class GuessIndex:
    """A blinding index; its first interval treats guesses as independent, its second resamples evaluators."""

    estimate: float | None
    error: float | None
    interval: Interval | None
    bootstrap_interval: Interval | None
    """None for fewer than two evaluators."""


@dataclass(frozen=True)
class GuessTable(NamedEvaluator):
    """One evaluator's guesses, counted as in `GuessResults.table`."""

    table: GuessCounts


@dataclass(frozen=True)
class GuessResults:
    """Guesses of the arm by the true arm, with James' and Bang's indices of them."""

    table: GuessCounts
    """[guess, truth]"""
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    james: GuessIndex | None
    bang: dict[str, GuessIndex | None]
    """{arm: Bang's index}"""
    per_evaluator: tuple[GuessTable, ...]


@dataclass(frozen=True)
class SortedPiles(NamedEvaluator):
    """How well two piles of one evaluator agree with the arms, if each pile stands for the arm that fits it better."""

    items: int
    agreeing: int
    p: float
    """Exact p of Fisher's test."""


@dataclass(frozen=True)
class SortingResults:
    """The sorting test of each evaluator, and Fisher's combination of them."""

    per_evaluator: tuple[SortedPiles, ...]
    p: float | None


@dataclass(frozen=True)
class BlindingResults:
    """The indices over all guesses and within each verdict, and the sorting test; None where nobody was asked."""

    guesses: int
    overall: GuessResults | None
    within_counted: Annotated[
        GuessResults | None, Field(validation_alias=AliasChoices("within_counted", WITHIN_COUNTED))
    ]
    within_not: GuessResults | None
    sorting: SortingResults | None


def blinding_results(observations: Sequence[Observation], frame: AnalysisFrame) -> BlindingResults:
    """The evaluators' guesses and piles, compared with the arms of the items that they judged."""
    arm_by_item = {observation.allocated.item: observation.allocated.arm for observation in observations}
    counts_by_key = {
        (observation.evaluator, observation.allocated.item): observation.counts for observation in observations
    }
    compared_arms = (frame.treatment, frame.reference)
    guesses = [guess for guess in frame.guesses if arm_by_item.get(guess.item) in compared_arms]
    on_counted, on_others = _split_by_verdict(guesses, counts_by_key)
    piles = [piled for piled in frame.piles if arm_by_item.get(piled.item) in compared_arms]
    return BlindingResults(
        guesses=len(guesses),
        overall=_guess_results(guesses, arm_by_item, frame),
        within_counted=_guess_results(on_counted, arm_by_item, frame),
        within_not=_guess_results(on_others, arm_by_item, frame),
        sorting=_sorting_results(piles, arm_by_item, frame),
    )


def _split_by_verdict(
    guesses: Sequence[Guess], counts_by_key: Mapping[tuple[str, str], bool]
) -> tuple[list[Guess], list[Guess]]:
    """The guesses on items where the same evaluator's answer counts, and on items where it does not."""
    judged = [(guess, counts_by_key.get((guess.evaluator, guess.item))) for guess in guesses]
    return [guess for guess, counts in judged if counts], [guess for guess, counts in judged if counts is False]


def _guess_results(
    guesses: Sequence[Guess], arm_by_item: Mapping[str, str], frame: AnalysisFrame
) -> GuessResults | None:
    if not guesses:
        return None
    names = sorted({guess.evaluator for guess in guesses})
    tables = np.stack(
        [_count_guesses(guesses, name, arm_by_item, frame) for name in names]
    )  # [evaluator, guess, truth]
    treatment_index, reference_index = bang_indices(tables.sum(axis=0))
    return GuessResults(
        table=_whole_counts(tables.sum(axis=0)),
        rows=(frame.treatment, frame.reference, "don't know"),
        columns=(frame.treatment, frame.reference),
        james=_guess_index(james_index(tables.sum(axis=0)), tables, frame, "james", james_index),
        bang={
            frame.treatment: _guess_index(treatment_index, tables, frame, "bang", _bang_of_treatment),
            frame.reference: _guess_index(reference_index, tables, frame, "bang", _bang_of_reference),
        },
        per_evaluator=tuple(GuessTable(name, _whole_counts(table)) for name, table in zip(names, tables, strict=True)),
    )


def _count_guesses(
    guesses: Sequence[Guess], evaluator: str, arm_by_item: Mapping[str, str], frame: AnalysisFrame
) -> Floats:
    """One evaluator's guesses: [guess (treatment, reference, don't know), truth (treatment, reference)]."""
    counts = np.zeros((3, 2))
    index_by_arm = {frame.treatment: 0, frame.reference: 1}
    for guess in guesses:
        if guess.evaluator == evaluator:
            counts[index_by_arm.get(guess.guess or "", 2), index_by_arm[arm_by_item[guess.item]]] += 1
    return counts


def _whole_counts(guess_counts: Floats) -> GuessCounts:
    return tuple(tuple(round(float(count)) for count in row) for row in guess_counts)


def _bang_of_treatment(guess_counts: Floats) -> BlindingIndex | None:
    return bang_indices(guess_counts)[0]


def _bang_of_reference(guess_counts: Floats) -> BlindingIndex | None:
    return bang_indices(guess_counts)[1]


def _guess_index(
    index: BlindingIndex | None,
    tables: Floats,
    frame: AnalysisFrame,
    purpose: str,
    statistic: Callable[[Floats], BlindingIndex | None],
) -> GuessIndex | None:
    """An index with its intervals; `statistic` makes it from one table, `tables` is [evaluator, guess, truth]."""
    if index is None:
        return None
    evaluator_count = len(tables)
    bootstrap_interval = None
    if evaluator_count >= CONSTANTS.fewest_for_bootstrap:
        generator = seeded_generator(frame.seed, f"guesses {purpose}", str(evaluator_count))
        shares = np.full(evaluator_count, 1 / evaluator_count)
        draws = generator.multinomial(evaluator_count, shares, size=frame.numbers.guess_draws)
        drawn = [statistic(np.tensordot(draw, tables, axes=1)) for draw in draws]
        values = np.array([draw_index.value for draw_index in drawn if draw_index is not None])
        bootstrap_interval = finite_interval(percentile_interval(values))
    return GuessIndex(
        estimate=finite_number(index.value),
        error=finite_number(index.standard_error),
        interval=finite_interval(index.interval),
        bootstrap_interval=bootstrap_interval,
    )


def _sorting_results(
    piles: Sequence[PiledItem], arm_by_item: Mapping[str, str], frame: AnalysisFrame
) -> SortingResults | None:
    if not piles:
        return None
    names = sorted({piled.evaluator for piled in piles})
    tests = tuple(
        _test_piles(name, [piled for piled in piles if piled.evaluator == name], arm_by_item, frame) for name in names
    )
    combined = stats.combine_pvalues([test.p for test in tests], method="fisher")
    return SortingResults(tests, finite_number(float(combined.pvalue)))


def _test_piles(
    evaluator: str, piles: Sequence[PiledItem], arm_by_item: Mapping[str, str], frame: AnalysisFrame
) -> SortedPiles:
    """Fisher's exact test of pile against arm, two-sided: each pile may stand for either arm."""
    item_count = len(piles)
    label = min(piled.pile for piled in piles)
    pile_size = sum(piled.pile == label for piled in piles)
    treatment_count = sum(arm_by_item[piled.item] == frame.treatment for piled in piles)
    overlap = sum(piled.pile == label and arm_by_item[piled.item] == frame.treatment for piled in piles)
    overlaps = np.arange(max(0, pile_size + treatment_count - item_count), min(pile_size, treatment_count) + 1)
    chances = stats.hypergeom(item_count, treatment_count, pile_size).pmf(overlaps)
    agreeing = _agreeing_items(overlaps, item_count, pile_size, treatment_count)
    observed = int(agreeing[overlaps == overlap][0])
    p_value = float(chances[agreeing >= observed].sum())
    return SortedPiles(evaluator, item_count, observed, min(1.0, p_value))


def _agreeing_items(overlaps: Ints, item_count: int, pile_size: int, treatment_count: int) -> Ints:
    """How many items lie in their arm's pile, for each number of treatment items in the first pile.

    Each pile stands for the arm that gives the larger number.
    """
    matches = overlaps + (item_count - pile_size - (treatment_count - overlaps))
    return np.asarray(np.maximum(matches, item_count - matches))
