"""The two Parquet tables of an archive: their columns, and how they are read and written. Pure.

The harvest itself writes the snippets, straight from its arrays, with the columns of SNIPPET_SCHEMA.
"""

import operator
from collections.abc import Iterable
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from app.archive.neuron import FiringToken, LogitEffect, NeuronKey, NeuronStatistics
from app.archive.snippet import Snippet
from app.foundation.errors import ArchiveError

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
    rows = _read_table(path, None).to_pylist()
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
    for row in _read_table(path, _is_of_neurons(snippets_by_key)).to_pylist():
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


def _read_table(path: Path, condition: pc.Expression | None) -> pa.Table:
    """The rows for which `condition` is true, or all. Raises ArchiveError if the table cannot be read."""
    try:
        return pq.read_table(path, filters=condition)
    except (pa.ArrowException, OSError, ValueError) as error:
        msg = f"{path} cannot be read; the archive is damaged, copy it again or harvest again"
        raise ArchiveError(msg) from error
