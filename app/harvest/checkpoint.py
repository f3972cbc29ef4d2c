"""The harvest's notes on disk while it runs: every shard's windows and maxima, and the running state.

They are what makes a killed harvest go on, and what keeps memory flat: windows and context maxima grow with the
corpus, so they live here and not in memory. Everything is written under another name and then renamed.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.foundation.errors import ArchiveError, CorpusError
from app.foundation.files import write_text_atomically
from app.harvest.text.windows import Shard

Arrays = dict[str, npt.NDArray[Any]]
PLAN, STATE = "plan.json", "state.npz"


class Ledger:
    """A folder beside the archive to be, `OUT.partial`, removed when the archive is there."""

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.folder = folder
        text = json.dumps(plan, sort_keys=True)
        path = folder / PLAN
        if path.is_file() and path.read_bytes() != text.encode():
            msg = (
                f"{folder} is the beginning of another harvest; finish that one with its own model, tokens, options "
                "and versions of libraries, or delete it"
            )
            raise ArchiveError(msg)
        self._plan, self._done = text, 0

    def note(self, shard: Shard, results: Sequence[Arrays]) -> None:
        """Keep a shard's windows and what each arm found in it. Raises CorpusError if it differs from a former run."""
        self.compare(shard)
        self._begin()
        self._save(_windows_name(shard.number), _windows(shard))
        for number, arrays in enumerate(results):
            self._save(_arm_name(number, shard.number), arrays)

    def compare(self, shard: Shard) -> None:
        """Raises CorpusError if a former run of this harvest saw another text in the shard, or scored other tokens."""
        path = self.folder / _windows_name(shard.number)
        if not path.is_file():
            return
        noted, now = _load(path), _windows(shard)
        if not all(np.array_equal(noted.get(name, ()), array) for name, array in now.items()):
            raise self._changed()

    def require(self, shards: int, arms: int) -> None:
        """See that the notes are those of so many shards, none missing and none over: all of them will be read.

        Raises CorpusError if a former run of this harvest saw more text, ArchiveError if notes were lost.
        """
        expected = {_windows_name(shard) for shard in range(shards)}
        expected |= {_arm_name(arm, shard) for arm in range(arms) for shard in range(shards)}
        present = {path.name for path in self.folder.glob("*-*.npz")}
        if present - expected or self._done > shards:
            raise self._changed()
        if lost := sorted(expected - present):
            msg = f"{self.folder} has lost {lost[0]}; delete that folder and harvest again"
            raise ArchiveError(msg)

    def windows(self) -> Iterator[Arrays]:
        """Tokens, lengths, special positions and labels of every shard, in order."""
        return (_load(path) for path in sorted(self.folder.glob("windows-*.npz")))

    def found(self, arm: int, channel: tuple[str, int]) -> Callable[[], Iterator[Arrays]]:
        """A way to read, again and again, what an arm found for a channel in every shard, in order."""
        prefix = f"{channel[0]}/{channel[1]}/"
        return lambda: (_load(path, prefix) for path in sorted(self.folder.glob(f"arm{arm}-*.npz")))

    def save_state(self, done: int, arrays: Arrays) -> None:
        """Keep the running state after `done` shards."""
        self._save(STATE, {"done": np.array(done), **arrays})

    def state(self) -> tuple[int, Arrays]:
        """How many shards are done, and the state after them; 0 and nothing at the beginning."""
        path = self.folder / STATE
        if not path.is_file():
            return 0, {}
        arrays = _load(path)
        self._done = int(arrays.pop("done"))
        return self._done, arrays

    def close(self) -> None:
        """Remove the notes: the archive holds what they led to. Renamed first, so that half of them never stand."""
        gone = self.folder.with_name(f".{self.folder.name}.done")
        shutil.rmtree(gone, ignore_errors=True)
        os.replace(self.folder, gone)
        shutil.rmtree(gone)

    def _changed(self) -> CorpusError:
        msg = f"the corpus has changed since {self.folder} was begun; delete that folder and harvest again"
        return CorpusError(msg)

    def _begin(self) -> None:
        """The folder appears with the first result, so a corpus that cannot be read leaves nothing behind."""
        if not (self.folder / PLAN).is_file():
            self._written(lambda: self.folder.mkdir(parents=True, exist_ok=True))
            self._written(lambda: write_text_atomically(self.folder / PLAN, self._plan))

    def _save(self, name: str, arrays: Arrays) -> None:
        def save() -> None:
            fresh = self.folder / f".{name}.new"
            with fresh.open("wb") as file:
                np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes allow_pickle for an array
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self.folder / name)

        self._written(save)

    def _written(self, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            msg = f"{self.folder} cannot be written ({error.strerror}); make room and run the same command to go on"
            raise ArchiveError(msg) from error


def _windows_name(shard: int) -> str:
    return f"windows-{shard:06d}.npz"


def _arm_name(arm: int, shard: int) -> str:
    return f"arm{arm}-{shard:06d}.npz"


def _windows(shard: Shard) -> Arrays:
    labels = np.frombuffer("\0".join(shard.labels).encode(errors="surrogatepass"), np.uint8)
    return {"tokens": shard.tokens, "special": shard.special, "scores": shard.scores, "labels": labels}


def _load(path: Path, prefix: str = "") -> Arrays:
    """The arrays whose names begin so, by the rest of their names."""
    try:
        with path.open("rb") as file, np.load(file) as kept:
            return {name.removeprefix(prefix): kept[name] for name in kept if name.startswith(prefix)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        msg = f"{path} is damaged; delete {path.parent} and harvest again"
        raise ArchiveError(msg) from error
