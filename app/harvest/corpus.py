"""What a harvest reads: `stdlib`, files, folders, globs, or a data set by name, as documents in a seeded order."""

import glob
import hashlib
import os
import sysconfig
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.foundation.documents import Document, shuffled
from app.foundation.errors import CorpusError
from app.harvest.datasets import PREFIX, dataset_documents
from app.harvest.formats import KNOWN, documents_of, is_text
from app.harvest.windows import Piece, cut

STDLIB = "stdlib"
NOT_LIBRARY = frozenset({"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"})
TEXTS_AT_ONCE, LETTERS_AT_ONCE = 32, 1_000_000
LONGEST = 200_000
"""Characters tokenised as one piece; a longer document is tokenised in parts, cut before white space if it has any."""

Encode = Callable[[list[str]], list[list[int]]]


class Corpus:
    """Documents of a spec in an order drawn from the seed, counting and digesting what is read."""

    def __init__(self, spec: str, seed: int) -> None:
        self.name = spec if spec == STDLIB or spec.startswith(PREFIX) else Path(spec).name
        """The spec without the folders of this machine, so that the same text gives the same archive anywhere."""
        self.documents = 0
        self.skipped = 0
        self._digest = hashlib.sha256()
        if spec.startswith(PREFIX):
            self._found = dataset_documents(spec)
        else:
            root, paths = _library() if spec == STDLIB else _files(spec)
            self._found = _documents(root, shuffled(paths, seed))

    @property
    def sha256(self) -> str:
        """Digest of the names and texts read so far, in the order read."""
        return self._digest.hexdigest()

    def pieces(self, encode: Encode, content: int, overlap: int) -> Iterator[Piece]:
        """Windows of `content` tokens of every document. Raises CorpusError if there is none."""
        for batch in _batches(self._readable()):
            ids = _encoded([one.text for one in batch], encode)
            for document in batch:
                self.documents += 1
                self._digest.update(f"{document.name}\0{document.text}\0".encode(errors="surrogatepass"))
                yield from cut(document.name, next(ids), content, overlap)
        if not self.documents:
            msg = f"the corpus {self.name} holds no text that can be read; name another file or folder"
            raise CorpusError(msg)

    def _readable(self) -> Iterator[Document]:
        for document in self._found:
            if "\0" in document.text:
                self.skipped += 1  # a binary file under a text file's name
                continue
            yield document


def _documents(root: Path, paths: list[Path]) -> Iterator[Document]:
    for path in paths:
        yield from documents_of(path, path.relative_to(root).as_posix())


def _files(spec: str) -> tuple[Path, list[Path]]:
    """The files that a path or a pattern means, in order of path, and the folder that their names begin in."""
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


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    """Enough documents at a time to keep the tokenizer's threads busy, and not more than memory likes."""
    batch: list[Document] = []
    letters = 0
    for document in documents:
        batch.append(document)
        letters += len(document.text)
        if len(batch) == TEXTS_AT_ONCE or letters >= LETTERS_AT_ONCE:
            yield batch
            batch, letters = [], 0
    if batch:
        yield batch


def _encoded(texts: list[str], encode: Encode) -> Iterator[npt.NDArray[np.int32]]:
    """Token ids of each text, long ones put together from parts."""
    short = [text for text in texts if len(text) <= LONGEST]
    found = iter(encode(short))
    for text in texts:
        if len(text) <= LONGEST:
            yield np.array(next(found), np.int32)
        else:
            yield np.concatenate([np.array(encode([part])[0], np.int32) for part in _parts(text)])


def _parts(text: str) -> Iterator[str]:
    """Cut before a run of white space, where no token of a byte-level tokenizer reaches across, if one is near."""
    begin = 0
    while len(text) - begin > LONGEST:
        near = len(text[begin + LONGEST // 2 : begin + LONGEST].rpartition("\n")[0].rstrip())
        end = begin + LONGEST // 2 + near if near else begin + LONGEST
        yield text[begin:end]
        begin = end
    yield text[begin:]
