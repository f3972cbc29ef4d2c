"""Types of arrays, by their values and their number of axes.

The axes themselves are named in docstrings and comments, in brackets and in order: [neuron, evaluator].
"""

import numpy as np
from numpy.typing import NDArray

FloatMatrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
IntVector = np.ndarray[tuple[int], np.dtype[np.int64]]

# Any number of axes:
Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]
"""Activations, and what is computed from them in the precision of the model."""
Ints = NDArray[np.int64]
TokenIds = NDArray[np.int32]
"""Tokens by their number in the vocabulary."""
ShortTokenIds = NDArray[np.uint16]
"""Token ids of a vocabulary of at most 65,536 tokens."""
Hashes = NDArray[np.uint64]
Bools = NDArray[np.bool_]
Strings = NDArray[np.str_]

NamedArrays = dict[str, NDArray[np.generic]]  # type: ignore[explicit-any]  # np.generic is numpy's Any
"""{name: array} of a file of arrays."""
