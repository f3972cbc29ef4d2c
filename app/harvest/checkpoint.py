"""The files that a harvest writes while it runs: every shard's windows and extremes, and the running state.

They let a killed harvest go on. They also keep memory constant: windows and their maxima grow with the corpus, so they
are on disk and not in memory. Every file is written under another name and then renamed.
"""

import json
import os
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from app.foundation.array_files import write_arrays_atomically
from app.foundation.arrays import Bools, Ints, NamedArrays, TokenIds
from app.foundation.errors import ArchiveError, CorpusError
from app.foundation.files import write_text_atomically
from app.foundation.json_types import JsonObject
from app.harvest.archive_errors import cannot_be_written
from app.harvest.scan.channel import Channel, channel_name
from app.harvest.scan.extremes import Extremes, ShardExtremes
from app.harvest.scan.saved_state import join_states
from app.harvest.text.windows import Shard

PLAN_FILE, STATE_FILE = "plan.json", "state.npz"


@dataclass(frozen=True)
class ShardWindows:
    """A shard's windows, as they are read from the checkpoint when the snippets are chosen and written."""

    first_window: int
    """The number of the shard's first window in the whole corpus."""
    token_ids: TokenIds
    """[window, position]"""
    is_special: Bools
    """[window, position]"""
    is_scored: Bools
    """[window, position]"""
    joined_labels: bytes

    def labels(self) -> list[str]:
        """[window] path and offset."""
        return self.joined_labels.decode(errors="surrogatepass").split("\0")

    def rows_of(self, window_numbers: Ints) -> Ints:
        """The rows of those of the windows that are in this shard."""
        rows = window_numbers - self.first_window
        return rows[(rows >= 0) & (rows < len(self.token_ids))]


ReadWindows = Callable[[], Iterator[ShardWindows]]
"""A function that reads the windows of every shard, in order; they are never all in memory."""
ReadExtremes = Callable[[], Iterator[Extremes]]
"""A function that reads one channel's extremes in every shard, in order."""


class Checkpoint:
    """The folder `OUT.partial` beside the future archive; it is removed when the archive is complete."""

    def __init__(self, folder: Path, identity: JsonObject) -> None:
        """`identity` is everything that must be the same when a harvest goes on.

        Raises ArchiveError if the folder belongs to a harvest with another identity.
        """
        self.folder = folder
        text = json.dumps(identity, sort_keys=True)
        path = folder / PLAN_FILE
        if path.is_file() and path.read_bytes() != text.encode():
            msg = (
                f"{folder} is the beginning of another harvest; finish that one with its own model, tokens, options "
                "and versions of libraries, or delete it"
            )
            raise ArchiveError(msg)
        self._plan, self._done = text, 0

    def save_shard(self, shard: Shard, extremes: Sequence[ShardExtremes]) -> None:
        """Write a shard's windows and each arm's extremes. Raises CorpusError if an earlier run read other windows."""
        self.require_same_windows(shard)
        self._create_folder()
        self._save(_windows_file(shard.number), _window_arrays(shard))
        for arm_index, arm_extremes in enumerate(extremes):
            self._save(_extremes_file(arm_index, shard.number), _extreme_arrays(arm_extremes))

    def require_same_windows(self, shard: Shard) -> None:
        """Raise CorpusError if an earlier run of this harvest read other text in the shard, or scored other tokens."""
        path = self.folder / _windows_file(shard.number)
        if not path.is_file():
            return
        saved, current = _load(path), _window_arrays(shard)
        if not all(np.array_equal(saved.get(name, ()), array) for name, array in current.items()):
            raise self._corpus_changed()

    def require_complete(self, shard_count: int, arm_count: int) -> None:
        """Check that the folder has the files of exactly this many shards, since all of them will be read.

        Raises CorpusError if an earlier run of this harvest read more text, ArchiveError if a file is missing.
        """
        expected = {_windows_file(shard) for shard in range(shard_count)}
        expected |= {_extremes_file(arm, shard) for arm in range(arm_count) for shard in range(shard_count)}
        present = {path.name for path in self.folder.glob("*-*.npz")}
        if present - expected or self._done > shard_count:
            raise self._corpus_changed()
        if missing := sorted(expected - present):
            msg = f"{self.folder} has lost {missing[0]}; delete that folder and harvest again"
            raise ArchiveError(msg)

    def read_windows(self) -> Iterator[ShardWindows]:
        """The windows of every shard, in order."""
        first_window = 0
        for path in sorted(self.folder.glob("windows-*.npz")):
            arrays = _load(path)
            yield ShardWindows(
                first_window=first_window,
                token_ids=arrays["tokens"].astype(np.int32, copy=False),
                is_special=arrays["special"].astype(np.bool_, copy=False),
                is_scored=arrays["scores"].astype(np.bool_, copy=False),
                joined_labels=arrays["labels"].tobytes(),
            )
            first_window += len(arrays["tokens"])

    def read_extremes(self, arm_index: int, channel: Channel) -> Iterator[Extremes]:
        """The extremes of one arm at one channel in every shard, in order."""
        for path in sorted(self.folder.glob(f"arm{arm_index}-*.npz")):
            arrays = _load(path, f"{channel_name(channel)}/")
            yield Extremes(
                maxima=arrays["maxima"].astype(np.float32, copy=False),
                minima=arrays["minima"].astype(np.float32, copy=False),
                sums=arrays["sums"].astype(np.float64, copy=False),
            )

    def save_state(self, done: int, state: NamedArrays) -> None:
        """Write the running state after `done` shards."""
        self._save(STATE_FILE, {"done": np.array(done), **state})

    def load_state(self) -> tuple[int, NamedArrays]:
        """The number of finished shards and the state after them; 0 and no state if none was saved."""
        path = self.folder / STATE_FILE
        if not path.is_file():
            return 0, {}
        state = _load(path)
        self._done = int(state.pop("done").item())
        return self._done, state

    def remove(self) -> None:
        """Delete the folder. It is renamed first, so that a killed run never leaves half of it under its name."""
        renamed = self.folder.with_name(f".{self.folder.name}.done")
        shutil.rmtree(renamed, ignore_errors=True)
        os.replace(self.folder, renamed)
        shutil.rmtree(renamed)

    def _corpus_changed(self) -> CorpusError:
        msg = f"the corpus has changed since {self.folder} was begun; delete that folder and harvest again"
        return CorpusError(msg)

    def _create_folder(self) -> None:
        """Create the folder, when the first result is there: so an unreadable corpus leaves no folder behind."""
        if not (self.folder / PLAN_FILE).is_file():
            self._explain_write_errors(lambda: self.folder.mkdir(parents=True, exist_ok=True))
            self._explain_write_errors(lambda: write_text_atomically(self.folder / PLAN_FILE, self._plan))

    def _save(self, name: str, arrays: NamedArrays) -> None:
        self._explain_write_errors(lambda: write_arrays_atomically(self.folder / name, arrays))

    def _explain_write_errors(self, write: Callable[[], object]) -> None:
        """Call `write`, and raise ArchiveError with a sentence for the user if the disk refuses."""
        try:
            write()
        except OSError as error:
            raise cannot_be_written(self.folder, error) from error


def _windows_file(shard_number: int) -> str:
    return f"windows-{shard_number:06d}.npz"


def _extremes_file(arm_index: int, shard_number: int) -> str:
    return f"arm{arm_index}-{shard_number:06d}.npz"


def _window_arrays(shard: Shard) -> NamedArrays:
    labels = np.frombuffer("\0".join(shard.labels).encode(errors="surrogatepass"), np.uint8)
    return {"tokens": shard.token_ids, "special": shard.is_special, "scores": shard.is_scored, "labels": labels}


def _extreme_arrays(extremes: ShardExtremes) -> NamedArrays:
    return join_states({channel_name(channel): dict(vars(arrays)) for channel, arrays in extremes.items()})


def _load(path: Path, prefix: str = "") -> NamedArrays:
    """The arrays of a file whose names begin with `prefix`, under their names without it."""
    try:
        with path.open("rb") as file, np.load(file) as arrays:
            return {name.removeprefix(prefix): arrays[name] for name in arrays if name.startswith(prefix)}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        msg = f"{path} is damaged; delete {path.parent} and harvest again"
        raise ArchiveError(msg) from error
