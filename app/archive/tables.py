"""The two Parquet tables of an archive: their columns, and how they are read and written. Pure.

The harvest itself writes the snippets, straight from its arrays, with the columns of SNIPPET_SCHEMA.
"""

import operator
from collections.abc import Iterable, Iterator
from functools import reduce
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.archive.bounded_table import damaged_table, read_bounded_table
from app.archive.neuron import FiringToken, LogitEffect, NeuronKey, NeuronStatistics
from app.archive.snippet import Group, Snippet

SNIPPETS_TABLE, NEURONS_TABLE = "snippets.parquet", "neurons.parquet"
NEURON_VALUES_PER_BYTE = 8
"""Dead neurons are alike and take few bytes; only a table in which hardly any neuron is alive has more values."""
SNIPPET_VALUES_PER_BYTE = 2
"""A harvest writes four bytes for each activation, and each has one token."""
ROWS_AT_ONCE = 4_096
"""Rows that are Python objects of two kinds at the same time."""

SNIPPET_SCHEMA = pa.schema(
    [
        ("layer", pa.int32()),
        ("neuron", pa.int32()),
        ("group", pa.string()),
        ("rank", pa.int32()),
        ("band", pa.string()),
        ("window", pa.string()),
        ("peak", pa.int32()),
        ("peak_activation", pa.float32()),
        ("pieces", pa.list_(pa.binary())),
        ("activations", pa.list_(pa.float32())),
    ]
)
_FIRING_TOKEN = pa.struct([("piece", pa.binary()), ("count", pa.int64()), ("strength", pa.float64())])
_LOGIT_EFFECT = pa.struct([("piece", pa.binary()), ("effect", pa.float64())])
NEURON_SCHEMA = pa.schema(
    [
        ("layer", pa.int32()),
        ("index", pa.int32()),
        ("maximum", pa.float64()),
        ("minimum", pa.float64()),
        ("mean", pa.float64()),
        ("density", pa.float64()),
        ("contexts", pa.int64()),
        ("dead", pa.bool_()),
        ("same_token_share", pa.float64()),
        ("suppressed", pa.int64()),
        ("histogram", pa.list_(pa.int64())),
        ("edges", pa.list_(pa.float64())),
        ("quantiles", pa.list_(pa.float64())),
        ("tokens", pa.list_(_FIRING_TOKEN)),
        ("promoted", pa.list_(_LOGIT_EFFECT)),
        ("suppressed_tokens", pa.list_(_LOGIT_EFFECT)),
    ]
)


def read_neurons(path: Path, most_neurons: int) -> list[NeuronStatistics]:
    """Every row of neurons.parquet, in order. Raises ArchiveError if the table is damaged or has too many rows."""
    table = read_bounded_table(path, NEURON_SCHEMA, None, most_neurons, NEURON_VALUES_PER_BYTE)
    return [neuron for batch in table.to_batches(ROWS_AT_ONCE) for neuron in _neurons_of_batch(batch)]


def _neurons_of_batch(batch: pa.RecordBatch) -> Iterator[NeuronStatistics]:
    for row in batch.to_pylist():
        row.update(
            histogram=tuple(row["histogram"]),
            edges=tuple(row["edges"]),
            quantiles=tuple(row["quantiles"]),
            tokens=tuple(FiringToken(**token) for token in row["tokens"]),
            promoted=tuple(LogitEffect(**effect) for effect in row["promoted"]),
            suppressed_tokens=tuple(LogitEffect(**effect) for effect in row["suppressed_tokens"]),
        )
        yield NeuronStatistics(**row)


def write_neurons(path: Path, neurons: Iterable[NeuronStatistics]) -> None:
    """Write neurons.parquet, one row per neuron, in the order of `neurons`."""
    # `dataclasses.asdict` copies every number of every tuple, which takes seconds.
    nested = ("tokens", "promoted", "suppressed_tokens")
    rows = [
        vars(neuron) | {name: [vars(part) for part in getattr(neuron, name)] for name in nested} for neuron in neurons
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=NEURON_SCHEMA), path, compression="zstd")


def read_snippets(path: Path, neuron_keys: Iterable[NeuronKey], most_snippets: int) -> dict[NeuronKey, list[Snippet]]:
    """The snippets of some neurons in snippets.parquet, in order.

    Raises ArchiveError if the table is damaged, or if it has more than `most_snippets` rows in all.
    """
    snippets_by_key: dict[NeuronKey, list[Snippet]] = {key: [] for key in neuron_keys}
    if not snippets_by_key:
        return snippets_by_key
    condition = _is_of_neurons(snippets_by_key)
    table = read_bounded_table(path, SNIPPET_SCHEMA, condition, most_snippets, SNIPPET_VALUES_PER_BYTE)
    if not _are_snippets(table):
        raise damaged_table(path, "a snippet has no activation at its peak, or is of no known group")
    for row in (row for batch in table.to_batches(ROWS_AT_ONCE) for row in batch.to_pylist()):
        snippet = Snippet(
            pieces=tuple(row["pieces"]),
            activations=tuple(row["activations"]),
            peak=row["peak"],
            group=row["group"],
            rank=row["rank"],
            window=row["window"],
            band=row["band"],
        )
        snippets_by_key[row["layer"], row["neuron"]].append(snippet)
    return snippets_by_key


def _is_of_neurons(neuron_keys: Iterable[NeuronKey]) -> pc.Expression:
    """An expression that is true for the rows of these neurons' snippets."""
    indices: dict[int, list[int]] = {}
    for layer, index in neuron_keys:
        indices.setdefault(layer, []).append(index)
    layers = [(pc.field("layer") == layer) & pc.field("neuron").isin(neurons) for layer, neurons in indices.items()]
    return reduce(operator.or_, layers)


def _are_snippets(snippet_rows: pa.Table) -> bool:
    """Whether every row has an activation for each piece, a peak among them, and a group that there is."""
    lengths, peaks = pc.list_value_length(snippet_rows["pieces"]), snippet_rows["peak"]
    conditions = (
        pc.equal(lengths, pc.list_value_length(snippet_rows["activations"])),
        pc.and_(pc.greater_equal(peaks, 0), pc.less(peaks, lengths)),
        pc.is_in(snippet_rows["group"], pa.array(get_args(Group))),
    )
    return all(pc.all(condition, min_count=0).as_py() for condition in conditions)
