"""Numbers about the marks and about the words of items, for a program that tries to tell the arms apart. Pure."""

import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from app.archive.levels import MARK_LEVELS
from app.foundation.arrays import Bools, FloatMatrix
from app.rounds.planned_numbers import CONSTANTS
from app.tasks.item import Item, Passage


def mark_features(items: Sequence[Item]) -> FloatMatrix:
    """How many tokens are marked, how strongly, and where around the peak, [item, feature]; no word is read."""
    return np.array([list(_mark_numbers(item)) for item in items])


def word_features(items: Sequence[Item]) -> FloatMatrix:
    """Numbers about lengths, kinds and repeats of the tokens that are shown, [item, feature]; no mark is read."""
    return np.array([list(_word_numbers(item)) for item in items])


def vocabulary(items: Sequence[Item]) -> FloatMatrix:
    """How often each token is shown, and how often as a peak, [item, bucket]: rare ones weigh more, rows have length 1.

    Tokens share `word_buckets` buckets by their CRC-32.
    """
    counts = np.zeros((len(items), 2 * CONSTANTS.word_buckets))
    for row, item in zip(counts, items, strict=True):
        bucket_counts = _bucket_counts(item)
        row[list(bucket_counts)] = list(bucket_counts.values())
    document_counts = (counts > 0).sum(axis=0)
    rarity = np.log((1 + len(items)) / (1 + document_counts))
    weighted = np.log1p(counts) * rarity
    lengths = np.sqrt((weighted**2).sum(axis=1, keepdims=True))
    vectors: FloatMatrix = weighted / np.where(lengths > 0, lengths, 1)
    return vectors


def shares_window(items: Sequence[Item]) -> Bools:
    """Which items [item, item] show the same window of text; every item shares windows with itself."""
    shares = np.eye(len(items), dtype=np.bool_)
    indices_by_window: dict[tuple[str, ...], set[int]] = {}
    for index, item in enumerate(items):
        for passage in item.passages:
            indices_by_window.setdefault(passage.texts, set()).add(index)
    for indices in indices_by_window.values():
        shares[np.ix_(sorted(indices), sorted(indices))] = True
    return shares


def _mark_numbers(item: Item) -> Iterator[float]:
    levels = [np.array(passage.levels) for passage in item.passages]
    flat = np.concatenate(levels)
    yield from np.log1p([(flat == level).sum() for level in MARK_LEVELS]).tolist()
    yield float(np.log1p((flat > 0).sum()))
    counts = np.array([(passage_levels > 0).sum() for passage_levels in levels])
    yield from (float(counts.std()), float(counts.max()), float((counts <= 1).mean()))
    pairs = sum(int(((marks[1:] > 0) & (marks[:-1] > 0)).sum()) for marks in levels)
    yield pairs / max(int((flat > 0).sum()), 1)
    around = np.array([_levels_around_peak(passage) for passage in item.passages])
    yield from around.mean(axis=0).tolist()
    yield float(around[:, CONSTANTS.mark_reach].std())


def _levels_around_peak(passage: Passage) -> list[int]:
    """The levels of the tokens around the peak, 0 beyond the ends of the passage."""
    reach = CONSTANTS.mark_reach
    padded = [0] * reach + list(passage.levels) + [0] * reach
    return padded[passage.peak : passage.peak + 2 * reach + 1]


def _word_numbers(item: Item) -> Iterator[float]:
    token_counts = Counter(text for passage in item.passages for text in _shown_texts(passage))
    peak_counts = Counter(passage.texts[passage.peak] for passage in item.passages)
    for counts in (token_counts, peak_counts):
        yield float(np.log1p(counts.total()))
        yield len(counts) / counts.total()
        yield max(counts.values()) / counts.total()
        traits = np.array([_traits(text) for text in counts])
        yield from (np.array(list(counts.values())) @ traits / counts.total()).tolist()
    yield float(np.mean([passage.peak for passage in item.passages]))


@lru_cache(maxsize=1 << 16)
def _traits(text: str) -> tuple[float, ...]:
    """Length and kind of a token."""
    return (
        len(text),
        text.isspace(),
        text.strip().isalpha(),
        text[:1].isspace(),
        any(map(str.isdigit, text)),
        any(map(str.isupper, text)),
    )


def _bucket_counts(item: Item) -> Counter[int]:
    """How often each bucket of tokens is shown, and how often each bucket of peaks."""
    bucket_count = CONSTANTS.word_buckets
    bucket_totals: Counter[int] = Counter()
    for text, count in Counter(text for passage in item.passages for text in _shown_texts(passage)).items():
        bucket_totals[_hash(text) % bucket_count] += count
    for passage in item.passages:
        bucket_totals[bucket_count + _hash(passage.texts[passage.peak]) % bucket_count] += 1
    return bucket_totals


def _shown_texts(passage: Passage) -> tuple[str, ...]:
    shown = passage.unfolded_range
    return passage.texts[shown.start : shown.stop]


@lru_cache(maxsize=1 << 16)
def _hash(text: str) -> int:
    return zlib.crc32(text.strip().lower().encode(errors="surrogatepass"))
