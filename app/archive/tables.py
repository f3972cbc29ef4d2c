"""The two Parquet tables of an archive: their columns, and how they are read and written. Pure.

The harvest itself writes the snippets, straight from its arrays, with the columns of SNIPPET_SCHEMA.
"""

import operator
from collections.abc import Iterable
from functools import reduce
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.archive.neuron import FiringToken, LogitEffect, NeuronKey, NeuronStatistics
from app.archive.snippet import Group, Snippet
from app.foundation.errors import ArchiveError, error_summary

SNIPPETS_TABLE, NEURONS_TABLE = "snippets.parquet", "neurons.parquet"

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


def read_neurons(path: Path) -> list[NeuronStatistics]:
    """Every row of neurons.parquet, in order. Raises ArchiveError if the table is damaged."""
    rows = _read_table(path, NEURON_SCHEMA, None).to_pylist()
    for row in rows:
        row.update(
            histogram=tuple(row["histogram"]),
            edges=tuple(row["edges"]),
            quantiles=tuple(row["quantiles"]),
            tokens=tuple(FiringToken(**token) for token in row["tokens"]),
            promoted=tuple(LogitEffect(**effect) for effect in row["promoted"]),
            suppressed_tokens=tuple(LogitEffect(**effect) for effect in row["suppressed_tokens"]),
        )
    return [NeuronStatistics(**row) for row in rows]


def write_neurons(path: Path, neurons: Iterable[NeuronStatistics]) -> None:
    """Write neurons.parquet, one row per neuron, in the order of `neurons`."""
    # `dataclasses.asdict` copies every number of every tuple, which takes seconds.
    nested = ("tokens", "promoted", "suppressed_tokens")
    rows = [
        vars(neuron) | {name: [vars(part) for part in getattr(neuron, name)] for name in nested} for neuron in neurons
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=NEURON_SCHEMA), path, compression="zstd")


def read_snippets(path: Path, neuron_keys: Iterable[NeuronKey]) -> dict[NeuronKey, list[Snippet]]:
    """The snippets of some neurons in snippets.parquet, in order. Raises ArchiveError if the table is damaged."""
    snippets_by_key: dict[NeuronKey, list[Snippet]] = {key: [] for key in neuron_keys}
    if not snippets_by_key:
        return snippets_by_key
    table = _read_table(path, SNIPPET_SCHEMA, _is_of_neurons(snippets_by_key))
    if not _are_snippets(table):
        raise _damaged(path, "a snippet has no activation at its peak, or is of no known group")
    for row in table.to_pylist():
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


def _read_table(path: Path, schema: pa.Schema, condition: pc.Expression | None) -> pa.Table:
    """The rows for which `condition` is true, or all, in the columns of `schema`; others are left out.

    Raises ArchiveError if the table cannot be read, or a column is missing, of another type, or has no value in a row.
    """
    try:
        table = pq.read_table(path, filters=condition)
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise _damaged(path, error_summary(error)) from error
    incomplete = next((name for name in schema.names if any(map(_has_nulls, table[name].chunks))), None)
    if incomplete is not None:
        raise _damaged(path, f"its column {incomplete} lacks values")
    return table


def _has_nulls(array: pa.Array) -> bool:
    """Whether a value is missing, in the lists and records of the column too."""
    if array.null_count:
        return True
    if pa.types.is_list(array.type):
        return _has_nulls(array.flatten())
    return pa.types.is_struct(array.type) and any(map(_has_nulls, array.flatten()))


def _are_snippets(snippet_rows: pa.Table) -> bool:
    """Whether every row has an activation for each piece, a peak among them, and a group that there is."""
    lengths, peaks = pc.list_value_length(snippet_rows["pieces"]), snippet_rows["peak"]
    conditions = (
        pc.equal(lengths, pc.list_value_length(snippet_rows["activations"])),
        pc.and_(pc.greater_equal(peaks, 0), pc.less(peaks, lengths)),
        pc.is_in(snippet_rows["group"], pa.array(get_args(Group))),
    )
    return all(pc.all(condition, min_count=0).as_py() for condition in conditions)


def _damaged(path: Path, reason: str) -> ArchiveError:
    return ArchiveError(f"{path} cannot be read ({reason}); the archive is damaged, copy it again or harvest again")
