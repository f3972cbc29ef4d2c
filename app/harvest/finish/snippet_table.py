"""Writes the archive's table of snippets, straight from arrays, without a Python object for each snippet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from app.archive.tables import SNIPPET_SCHEMA
from app.foundation.arrays import Bools, Floats32, Ints, Strings, TokenIds
from app.harvest.checkpoint import ShardWindows

PLAIN_COLUMNS = ("layer", "neuron", "group", "rank", "band", "window", "peak", "peak_activation")
COMPRESSION = dict.fromkeys((*PLAIN_COLUMNS, "pieces.list.element"), "zstd") | {"activations.list.element": "none"}
"""Activations are not compressed: their low bits are noise, and compressing takes longer than writing."""
WITH_STATISTICS = ["layer", "neuron", "group", "rank"]
WITH_DICTIONARY = ["pieces.list.element", "group", "band", "window"]

_PIECE_NUMBERS = pa.list_(pa.dictionary(pa.int32(), pa.binary()))
_WRITTEN_SCHEMA = SNIPPET_SCHEMA.set(SNIPPET_SCHEMA.get_field_index("pieces"), pa.field("pieces", _PIECE_NUMBERS))
"""SNIPPET_SCHEMA with pieces as numbers of a dictionary, as Parquet stores them; readers get SNIPPET_SCHEMA."""


@dataclass(frozen=True)
class SnippetBlock:
    """Snippets of one layer as arrays: [snippet], and [snippet, position] for activations."""

    neuron_indices: Ints
    group_names: Strings
    ranks: Ints
    bands: Strings
    window_numbers: Ints
    peaks: Ints
    activations: Floats32

    @classmethod
    def joined(cls, blocks: Sequence["SnippetBlock"]) -> "SnippetBlock":
        """Join groups of the same neurons and sort by neuron; a neuron's groups stay in the order of `blocks`."""
        names = [field.name for field in fields(cls)]
        columns = {name: np.concatenate([getattr(block, name) for block in blocks]) for name in names}
        order = np.argsort(columns["neuron_indices"], kind="stable")
        return cls(**{name: column[order] for name, column in columns.items()})


class ShownWindows:
    """The tokens and labels of the windows that snippets are made of; all other windows stay on disk."""

    def __init__(self, window_numbers: Ints, shards: Iterable[ShardWindows]) -> None:
        """`window_numbers` must be sorted, without repeats."""
        self._numbers = window_numbers
        token_ids, is_special, labels = [], [], []
        for shard in shards:
            rows = shard.rows_of(window_numbers)
            shard_labels = shard.labels()
            token_ids.append(shard.token_ids[rows])
            is_special.append(shard.is_special[rows])
            labels += [shard_labels[row] for row in rows]
        self._token_ids, self._is_special = np.concatenate(token_ids), np.concatenate(is_special)
        self._labels = np.array(labels, dtype=object)

    def token_ids(self, window_numbers: Ints) -> TokenIds:
        """[window, position] the tokens of these windows."""
        return self._token_ids[self._rows(window_numbers)]

    def is_special(self, window_numbers: Ints) -> Bools:
        """[window, position] BOS, padding and special tokens."""
        return self._is_special[self._rows(window_numbers)]

    def labels(self, window_numbers: Ints) -> NDArray[np.object_]:
        """[window] path and offset."""
        return self._labels[self._rows(window_numbers)]

    def _rows(self, window_numbers: Ints) -> Ints:
        return np.searchsorted(self._numbers, window_numbers)


def write_snippets(
    path: Path, layer_blocks: Iterable[tuple[int, SnippetBlock]], shown_windows: ShownWindows, pieces: list[bytes]
) -> None:
    """Write snippets.parquet, one row group for each layer and block, special tokens left out."""
    dictionary = pa.array(pieces, pa.binary())
    with pq.ParquetWriter(
        path,
        _WRITTEN_SCHEMA,
        store_schema=False,
        compression=COMPRESSION,
        write_statistics=WITH_STATISTICS,
        use_dictionary=WITH_DICTIONARY,
    ) as writer:
        for layer, block in layer_blocks:
            writer.write_table(_snippet_table(layer, block, shown_windows, dictionary))


def _snippet_table(layer: int, block: SnippetBlock, shown_windows: ShownWindows, dictionary: pa.Array) -> pa.Table:
    is_shown = ~shown_windows.is_special(block.window_numbers)  # [snippet, position]
    offsets = pa.array(np.concatenate([[0], np.cumsum(is_shown.sum(axis=1))]), pa.int32())
    pieces = pa.DictionaryArray.from_arrays(
        pa.array(shown_windows.token_ids(block.window_numbers)[is_shown]), dictionary
    )
    rows = np.arange(len(block.neuron_indices))
    columns = [
        pa.array(np.full(len(rows), layer), pa.int32()),
        pa.array(block.neuron_indices, pa.int32()),
        pa.array(block.group_names, pa.string()),
        pa.array(block.ranks, pa.int32()),
        pa.array(block.bands, pa.string()),
        pa.array(shown_windows.labels(block.window_numbers), pa.string()),
        pa.array(np.cumsum(is_shown, axis=1)[rows, block.peaks] - 1, pa.int32()),
        pa.array(block.activations[rows, block.peaks], pa.float32()),
        pa.ListArray.from_arrays(offsets, pieces),
        pa.ListArray.from_arrays(offsets, pa.array(block.activations[is_shown], pa.float32())),
    ]
    return pa.Table.from_arrays(columns, schema=_WRITTEN_SCHEMA)
