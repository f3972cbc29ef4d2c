"""Files of named arrays, written atomically."""

from pathlib import Path

import numpy as np

from app.foundation.arrays import NamedArrays
from app.foundation.files import write_atomically


def write_arrays_atomically(path: Path, arrays: NamedArrays) -> None:
    """Write arrays as an .npz file, as `write_atomically` does."""

    def write(unfinished: Path) -> None:
        with unfinished.open("wb") as file:  # if numpy got a name, it would add a suffix to it
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes allow_pickle for an array

    write_atomically(path, write)
