"""The archive's table of snippets, made of arrays and not of Python objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from app.archive.tables import SNIPPET_SCHEMA
from app.harvest.checkpoint import Arrays
from app.harvest.scan.topk import Floats, Ints

_NAMES = ("layer", "neuron", "group", "rank", "band", "window", "peak", "peak_activation", "pieces.list.element")
WRITING: dict[str, Any] = {
    "compression": dict.fromkeys(_NAMES, "zstd") | {"activations.list.element": "none"},
    "write_statistics": ["layer", "neuron", "group", "rank"],
    "use_dictionary": ["pieces.list.element", "group", "band", "window"],
}
"""Activations are not compressed: their low bits are noise, and trying takes longer than the writing."""

_PIECES = pa.list_(pa.dictionary(pa.int32(), pa.binary()))
_WITH_NUMBERS = SNIPPET_SCHEMA.set(SNIPPET_SCHEMA.get_field_index("pieces"), pa.field("pieces", _PIECES))
"""Pieces as numbers of a dictionary, as they come and as Parquet keeps them; readers see SNIPPET_SCHEMA."""


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
