"""What a harvest reads: `stdlib`, or a file or folder of text, as documents in a seeded order."""

import hashlib
import os
import sysconfig
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from app.foundation.documents import Document, read_documents, shuffled, text_files
from app.foundation.errors import CorpusError
from app.harvest.windows import Piece, cut

STDLIB = "stdlib"
NOT_LIBRARY = frozenset({"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"})
TEXTS_AT_ONCE = 32

Encode = Callable[[list[str]], list[list[int]]]


class Corpus:
    """Documents of a spec in an order drawn from the seed, counting and digesting what is read."""

    def __init__(self, spec: str, seed: int) -> None:
        self.spec = spec
        self.documents = 0
        self.skipped = 0
        self._digest = hashlib.sha256()
        self._root, self._paths = _files(spec)
        self._paths = shuffled(self._paths, seed)

    @property
    def sha256(self) -> str:
        """Digest of the names and texts read so far, in the order read."""
        return self._digest.hexdigest()

    def pieces(self, encode: Encode, content: int, overlap: int) -> Iterator[Piece]:
        """Windows of `content` tokens of every document. Raises CorpusError if there is none."""
        documents = self._readable()
        while batch := list(islice(documents, TEXTS_AT_ONCE)):
            for document, ids in zip(batch, encode([one.text for one in batch]), strict=True):
                self.documents += 1
                self._digest.update(f"{document.name}\0{document.text}\0".encode(errors="surrogatepass"))
                yield from cut(document.name, ids, content, overlap)
        if not self.documents:
            msg = f"the corpus {self.spec} holds no text that can be read; name another file or folder"
            raise CorpusError(msg)

    def _readable(self) -> Iterator[Document]:
        for document in read_documents(self._paths, self._root):
            if "\0" in document.text:
                self.skipped += 1  # a binary file under a text file's name
                continue
            yield document


def _files(spec: str) -> tuple[Path, list[Path]]:
    if spec != STDLIB:
        source = Path(spec)
        return source, text_files(source)
    root = Path(sysconfig.get_path("stdlib"))
    found = sorted(_library(root))
    if not found:
        msg = f"this Python has no source of its standard library in {root}; name a file or folder of text instead"
        raise CorpusError(msg)
    return root, found


def _library(root: Path) -> Iterator[Path]:
    """Python files below `root`, never walking into what is not the library: site-packages can be vast."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in NOT_LIBRARY]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))
