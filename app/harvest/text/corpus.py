"""The corpus of a harvest: documents in a seeded order, from `stdlib`, files, folders, patterns or a named data set."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

import numpy as np

from app.foundation.documents import Document, shuffled_paths
from app.foundation.errors import CorpusError
from app.harvest.text.datasets import DATASET_PREFIX, stream_dataset
from app.harvest.text.file_search import STDLIB, find_files
from app.harvest.text.formats import LongDocument, printable_name, stream_documents
from app.harvest.text.long_texts import LONGEST_PART, split_text
from app.harvest.text.windows import Window, cut_into_windows

DOCUMENTS_AT_ONCE, CHARACTERS_AT_ONCE = 32, 1_000_000
"""How much is tokenised together: enough to keep the tokenizer's threads busy, and little enough for the memory."""

EncodeTexts = Callable[[list[str]], list[list[int]]]
"""A function from texts to the token ids of each."""
CorpusDocument = Document | LongDocument


class Corpus:
    """The documents that a spec names, in an order drawn from the seed; counts those read and computes their digest."""

    def __init__(self, spec: str, seed: int) -> None:
        """Find the documents. Raises CorpusError if there is no file of text."""
        self.name = spec if spec == STDLIB or spec.startswith(DATASET_PREFIX) else printable_name(Path(spec).name)
        """The spec without the folders of this machine, so that the same text gives the same archive anywhere."""
        self.document_count = 0
        self.skipped_count = 0
        self._digest = hashlib.sha256()
        self._documents: Iterator[CorpusDocument | None]
        if spec.startswith(DATASET_PREFIX):
            self._documents = stream_dataset(spec)
        else:
            root, paths = find_files(spec)
            self._documents = _stream_files(root, shuffled_paths(paths, seed))

    @property
    def sha256(self) -> str:
        """Digest of the names and texts read so far, in the order in which they were read."""
        return self._digest.hexdigest()

    def windows(self, encode: EncodeTexts, content_length: int, overlap: int) -> Iterator[Window]:
        """The windows of every document, `content_length` tokens each. Raises CorpusError if there is no document.

        Several short documents are tokenised at once; a long one in parts, each when its windows are needed.
        """
        for group in _group_documents(self._documents_with_text()):
            short_documents = iter(encode([document.text for document in group if _is_short(document)]))
            for document in group:
                self._count(document)
                parts = (encode([part])[0] for part in split_text(_texts(document)))
                token_ids = [next(short_documents)] if _is_short(document) else parts
                arrays = (np.array(part, np.int32) for part in token_ids)
                yield from cut_into_windows(document.name, arrays, content_length, overlap)
        if not self.document_count:
            msg = f"the corpus {self.name} holds no text that can be read; name another file or folder"
            raise CorpusError(msg)

    def _documents_with_text(self) -> Iterator[CorpusDocument]:
        """The documents without binary files that are named like text, and without rows that hold no text."""
        for document in self._documents:
            if document is None or any("\0" in text for text in _texts(document)):
                self.skipped_count += 1
                continue
            yield document

    def _count(self, document: CorpusDocument) -> None:
        self.document_count += 1
        self._digest.update(f"{document.name}\0".encode())
        for text in _texts(document):
            self._digest.update(text.encode())
        self._digest.update(b"\0")


def _stream_files(root: Path, paths: list[Path]) -> Iterator[CorpusDocument | None]:
    for path in paths:
        yield from stream_documents(path, printable_name(path.relative_to(root).as_posix()))


def _texts(document: CorpusDocument) -> Iterator[str]:
    return iter([document.text]) if isinstance(document, Document) else document.parts()


def _is_short(document: CorpusDocument) -> TypeGuard[Document]:
    """Whether the document is tokenised in one piece, together with others."""
    return isinstance(document, Document) and len(document.text) <= LONGEST_PART


def _group_documents(documents: Iterable[CorpusDocument]) -> Iterator[list[CorpusDocument]]:
    """Documents in groups of DOCUMENTS_AT_ONCE or CHARACTERS_AT_ONCE, whichever is reached first."""
    group: list[CorpusDocument] = []
    characters = 0
    for document in documents:
        group.append(document)
        characters += len(document.text) if isinstance(document, Document) else CHARACTERS_AT_ONCE
        if len(group) == DOCUMENTS_AT_ONCE or characters >= CHARACTERS_AT_ONCE:
            yield group
            group, characters = [], 0
    if group:
        yield group
