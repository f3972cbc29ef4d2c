"""Corpora by the name of a data set, through the `datasets` library (extra `datasets`), read as a stream."""

from collections.abc import Iterator

from app.foundation.documents import Document
from app.foundation.errors import CorpusError
from app.harvest.text.formats import readable_text

PREFIX = "datasets:"
"""A spec is `datasets:NAME`, `datasets:NAME:SPLIT` or `datasets:NAME:SPLIT:COLUMN`."""


def dataset_documents(spec: str) -> Iterator[Document]:
    """One document per row, by its text column, in the data set's own order. Raises CorpusError if it cannot be had."""
    given = spec.removeprefix(PREFIX).split(":")
    name, split, column = (given + ["", "train", "text"][len(given) :])[:3]
    try:
        from datasets import load_dataset
    except ImportError as error:
        msg = "data sets by name need the datasets library; install firstglance[datasets], or name a file or folder"
        raise CorpusError(msg) from error
    try:
        rows = iter(load_dataset(name, split=split, streaming=True))
        for number, row in enumerate(rows):
            if isinstance(row.get(column), str) and row[column].strip():
                yield Document(f"{name}:{split}:{number}", readable_text(row[column]))
    except Exception as error:  # the library raises errors of every kind
        msg = f"the data set {name} cannot be read ({error}); check its name, split and connection"
        raise CorpusError(msg) from error
