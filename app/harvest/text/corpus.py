"""What a harvest reads: `stdlib`, files, folders, globs, or a data set by name, as documents in a seeded order."""

import glob
import hashlib
import os
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

import numpy as np

from app.foundation.documents import Document, shuffled_paths
from app.foundation.errors import CorpusError
from app.harvest.text.datasets import PREFIX, dataset_documents
from app.harvest.text.formats import KNOWN, LongDocument, documents_of, is_text, readable_name, reason
from app.harvest.text.windows import Piece, cut

STDLIB = "stdlib"
NOT_LIBRARY = frozenset({"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"})
TEXTS_AT_ONCE, LETTERS_AT_ONCE = 32, 1_000_000
LONGEST = 200_000
"""Characters tokenised as one piece; a longer document is tokenised in parts, as they are needed, cut before white
space if there is any in the last half of a part."""

Encode = Callable[[list[str]], list[list[int]]]
AnyDocument = Document | LongDocument


class Corpus:
    """Documents of a spec in an order drawn from the seed, counting and digesting what is read."""

    def __init__(self, spec: str, seed: int) -> None:
        self.name = spec if spec == STDLIB or spec.startswith(PREFIX) else readable_name(Path(spec).name)
        """The spec without the folders of this machine, so that the same text gives the same archive anywhere."""
        self.documents = 0
        self.skipped = 0
        self._digest = hashlib.sha256()
        self._found: Iterator[AnyDocument | None]
        if spec.startswith(PREFIX):
            self._found = dataset_documents(spec)
        else:
            root, paths = _library() if spec == STDLIB else _files(spec)
            self._found = _documents(root, shuffled_paths(paths, seed))

    @property
    def sha256(self) -> str:
        """Digest of the names and texts read so far, in the order read."""
        return self._digest.hexdigest()

    def pieces(self, encode: Encode, content: int, overlap: int) -> Iterator[Piece]:
        """Windows of `content` tokens of every document. Raises CorpusError if there is none."""
        for batch in _batches(self._readable()):
            short = iter(encode([one.text for one in batch if _is_short(one)]))
            for document in batch:
                self._count(document)
                parts = (encode([part])[0] for part in _parts(_texts(document)))
                ids = [next(short)] if _is_short(document) else parts
                yield from cut(document.name, (np.array(one, np.int32) for one in ids), content, overlap)
        if not self.documents:
            msg = f"the corpus {self.name} holds no text that can be read; name another file or folder"
            raise CorpusError(msg)

    def _readable(self) -> Iterator[AnyDocument]:
        """Documents that hold text; a binary file under a text file's name does not, nor does a row without any."""
        for document in self._found:
            if document is None or any("\0" in text for text in _texts(document)):
                self.skipped += 1
                continue
            yield document

    def _count(self, document: AnyDocument) -> None:
        self.documents += 1
        self._digest.update(f"{document.name}\0".encode())
        for text in _texts(document):
            self._digest.update(text.encode())
        self._digest.update(b"\0")


def _documents(root: Path, paths: list[Path]) -> Iterator[AnyDocument | None]:
    for path in paths:
        yield from documents_of(path, readable_name(path.relative_to(root).as_posix()))


def _texts(document: AnyDocument) -> Iterator[str]:
    return iter([document.text]) if isinstance(document, Document) else document.parts()


def _is_short(document: AnyDocument) -> TypeGuard[Document]:
    """Whether it is tokenised in one piece, with others."""
    return isinstance(document, Document) and len(document.text) <= LONGEST


def _files(spec: str) -> tuple[Path, list[Path]]:
    """The files that a path or a pattern means, in order of path, and the folder that their names begin in."""
    try:
        return _looked_up(spec)
    except OSError as error:
        msg = f"{readable_name(spec)} cannot be read ({reason(error)}); name a file, a folder or a pattern of files"
        raise CorpusError(msg) from error


def _looked_up(spec: str) -> tuple[Path, list[Path]]:
    source = Path(spec)
    if source.is_file():
        return source.parent, [source]
    if source.is_dir():
        found = sorted(path for path in source.rglob("*") if path.is_file() and is_text(path))
    elif glob.has_magic(spec):
        matches = map(Path, glob.glob(spec, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
        found = sorted(path for path in matches if path.is_file() and is_text(path))
        source = Path(os.path.commonpath([path.parent for path in found])) if found else source
    else:
        msg = f"{source} does not exist; name a file, a folder or a pattern of {_kinds()} files, or {STDLIB}"
        raise CorpusError(msg)
    if not found:
        msg = f"{source} holds no text; it needs files ending in {_kinds()}, as they are or with .gz or .zst"
        raise CorpusError(msg)
    return source, found


def _kinds() -> str:
    return ", ".join(sorted(KNOWN))


def _library() -> tuple[Path, list[Path]]:
    """The standard library of this Python, never walking into what is not the library: site-packages can be vast."""
    root = Path(sysconfig.get_path("stdlib"))
    found: list[Path] = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_LIBRARY]
        found += [Path(folder, name) for name in names if name.endswith(".py")]
    if not found:
        msg = f"this Python has no source of its standard library in {root}; name a file or folder of text instead"
        raise CorpusError(msg)
    return root, sorted(found)


def _batches(documents: Iterable[AnyDocument]) -> Iterator[list[AnyDocument]]:
    """Enough documents at a time to keep the tokenizer's threads busy, and not more than memory likes."""
    batch: list[AnyDocument] = []
    letters = 0
    for document in documents:
        batch.append(document)
        letters += len(document.text) if isinstance(document, Document) else LETTERS_AT_ONCE
        if len(batch) == TEXTS_AT_ONCE or letters >= LETTERS_AT_ONCE:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """One text, given in parts of any size, in parts of at most `LONGEST` characters that it is best cut into."""
    held = ""
    for text in texts:
        held, begin = held + text, 0
        while len(held) - begin > LONGEST:
            end = begin + _end(held[begin : begin + LONGEST])
            yield held[begin:end]
            begin = end
        held = held[begin:]
    yield held


def _end(text: str) -> int:
    """Where to cut: before a run of white space, where no token of a byte-level tokenizer reaches across.

    Best at the end of a line, else of a word; anywhere if there is no white space in the last half.
    """
    half = len(text) // 2
    last = text[half:]
    words = last.rsplit(maxsplit=1)
    near = len(last.rpartition("\n")[0].rstrip()) or (len(words[0]) if len(words) > 1 else 0)
    return half + near if near else len(text)
