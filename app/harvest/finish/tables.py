"""The archive's two Parquet tables, made of arrays and not of Python objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from app.archive.neuron import NeuronStatistics
from app.harvest.checkpoint import Arrays
from app.harvest.scan.topk import Floats, Ints

_NAMES = ("layer", "neuron", "group", "rank", "band", "window", "peak", "peak_activation", "pieces.list.element")
WRITING: dict[str, Any] = {
    "compression": dict.fromkeys(_NAMES, "zstd") | {"activations.list.element": "none"},
    "write_statistics": ["layer", "neuron", "group", "rank"],
    "use_dictionary": ["pieces.list.element", "group", "band", "window"],
}
"""Activations are not compressed: their low bits are noise, and trying takes longer than the writing."""

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
_PIECES = pa.list_(pa.dictionary(pa.int32(), pa.binary()))
_WITH_NUMBERS = SNIPPET_SCHEMA.set(SNIPPET_SCHEMA.get_field_index("pieces"), pa.field("pieces", _PIECES))
"""Pieces as numbers of a dictionary, as they come and as Parquet keeps them; readers see SNIPPET_SCHEMA."""
_TOKEN = pa.struct([("piece", pa.binary()), ("count", pa.int64()), ("strength", pa.float64())])
_EFFECT = pa.struct([("piece", pa.binary()), ("effect", pa.float64())])
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
        ("tokens", pa.list_(_TOKEN)),
        ("promoted", pa.list_(_EFFECT)),
        ("suppressed_tokens", pa.list_(_EFFECT)),
    ]
)


@dataclass(frozen=True)
class SnippetBlock:
    """Snippets of one layer as arrays: [snippet], and [snippet, position] for activations."""

    neurons: Ints
    groups: npt.NDArray[np.str_]
    ranks: Ints
    bands: npt.NDArray[np.str_]
    windows: Ints
    peaks: Ints
    activations: Floats

    @classmethod
    def together(cls, blocks: Sequence["SnippetBlock"]) -> "SnippetBlock":
        """Several groups of the same neurons as one, sorted by neuron, the groups of a neuron in the order given."""
        names = [field.name for field in fields(cls)]
        whole = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}
        order = np.argsort(whole["neurons"], kind="stable")
        return cls(**{name: array[order] for name, array in whole.items()})


class WindowBook:
    """Tokens and labels of the windows that some snippet shows; the rest stay on disk."""

    def __init__(self, needed: Ints, notes: Iterable[Arrays]) -> None:
        self._numbers = needed
        first = 0
        tokens, special, labels = [], [], []
        for one in notes:
            count = len(one["tokens"])
            here = needed[(needed >= first) & (needed < first + count)] - first
            names = one["labels"].tobytes().decode(errors="surrogatepass").split("\0")
            tokens.append(one["tokens"][here])
            special.append(one["special"][here])
            labels += [names[row] for row in here]
            first += count
        self._tokens, self._special = np.concatenate(tokens), np.concatenate(special)
        self._labels = np.array(labels, dtype=object)

    def tokens(self, windows: Ints) -> npt.NDArray[np.int32]:
        """[window, position] token ids."""
        return self._tokens[self._places(windows)]

    def special(self, windows: Ints) -> npt.NDArray[np.bool_]:
        """[window, position] BOS, padding and special tokens."""
        return self._special[self._places(windows)]

    def labels(self, windows: Ints) -> npt.NDArray[np.object_]:
        """[window] path and offset."""
        return self._labels[self._places(windows)]

    def _places(self, windows: Ints) -> Ints:
        return np.searchsorted(self._numbers, windows)


def write_snippets(
    path: Path, blocks: Iterable[tuple[int, SnippetBlock]], book: WindowBook, pieces: list[bytes]
) -> None:
    """Write snippets.parquet, one row group for each layer and block, special tokens left out."""
    dictionary = pa.array(pieces, pa.binary())
    with pq.ParquetWriter(path, _WITH_NUMBERS, store_schema=False, **WRITING) as writer:
        for layer, block in blocks:
            writer.write_table(_snippet_table(layer, block, book, dictionary))


def _snippet_table(layer: int, block: SnippetBlock, book: WindowBook, dictionary: pa.Array) -> pa.Table:
    kept = ~book.special(block.windows)
    offsets = pa.array(np.concatenate([[0], np.cumsum(kept.sum(axis=1))]), pa.int32())
    shown = pa.DictionaryArray.from_arrays(pa.array(book.tokens(block.windows)[kept]), dictionary)
    rows = np.arange(len(block.neurons))
    columns = [
        pa.array(np.full(len(rows), layer), pa.int32()),
        pa.array(block.neurons, pa.int32()),
        pa.array(block.groups, pa.string()),
        pa.array(block.ranks, pa.int32()),
        pa.array(block.bands, pa.string()),
        pa.array(book.labels(block.windows), pa.string()),
        pa.array(np.cumsum(kept, axis=1)[rows, block.peaks] - 1, pa.int32()),
        pa.array(block.activations[rows, block.peaks], pa.float32()),
        pa.ListArray.from_arrays(offsets, shown),
        pa.ListArray.from_arrays(offsets, pa.array(block.activations[kept], pa.float32())),
    ]
    return pa.Table.from_arrays(columns, schema=_WITH_NUMBERS)


def write_neurons(path: Path, neurons: Iterable[NeuronStatistics]) -> None:
    """Write neurons.parquet, one row per neuron in the order given."""
    table = pa.Table.from_pylist([_plain(one) for one in neurons], schema=NEURON_SCHEMA)
    pq.write_table(table, path, compression="zstd")


def _plain(neuron: NeuronStatistics) -> dict[str, object]:
    """A row; `dataclasses.asdict` copies every number of every tuple, which takes seconds."""
    nested = ("tokens", "promoted", "suppressed_tokens")
    return vars(neuron) | {name: [vars(one) for one in getattr(neuron, name)] for name in nested}
