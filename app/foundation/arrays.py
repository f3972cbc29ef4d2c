"""Arrays by what they hold and how many axes they have.

The axes themselves are named in docstrings and comments, in brackets and in order: [neuron, evaluator].
"""

import numpy as np
from numpy.typing import NDArray

FloatVector = np.ndarray[tuple[int], np.dtype[np.float64]]
FloatMatrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]
IntVector = np.ndarray[tuple[int], np.dtype[np.int64]]
BoolVector = np.ndarray[tuple[int], np.dtype[np.bool_]]

Floats = NDArray[np.float64]
"""Any number of axes."""
Ints = NDArray[np.int64]
"""Any number of axes."""
