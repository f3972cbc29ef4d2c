"""Corpora by the name of a data set, through the `datasets` library (extra `datasets`), read as a stream."""

from collections.abc import Iterator

from app.foundation.documents import Document
from app.foundation.errors import CorpusError
from app.harvest.text.formats import BlankRows, replace_lone_surrogates

DATASET_PREFIX = "datasets:"
"""A spec is `datasets:NAME`, `datasets:NAME:SPLIT` or `datasets:NAME:SPLIT:COLUMN`."""


def stream_dataset(spec: str) -> Iterator[Document]:
    """One document per row, from its text column, in the data set's own order.

    Raises CorpusError if the library is not installed or the data set cannot be read, or goes on and on without text.
    """
    parts = spec.removeprefix(DATASET_PREFIX).split(":")
    name, split, column = (parts + ["", "train", "text"][len(parts) :])[:3]
    try:
        from datasets import load_dataset
    except ImportError as error:
        msg = "data sets by name need the datasets library; install firstglance[datasets], or name a file or folder"
        raise CorpusError(msg) from error
    blanks = BlankRows(f"the data set {name}")
    try:
        rows = iter(load_dataset(name, split=split, streaming=True))
        for number, row in enumerate(rows):
            text = row.get(column) if isinstance(row.get(column), str) else ""
            blanks.count(number, text, is_blank=not text.strip())
            if text.strip():
                yield Document(f"{name}:{split}:{number}", replace_lone_surrogates(text))
    except CorpusError:
        raise
    except Exception as error:  # the library raises errors of every kind
        msg = f"the data set {name} cannot be read ({error}); check its name, split and connection"
        raise CorpusError(msg) from error
