"""Batches side by side: one thread per core, each with its own batch and one thread of arithmetic.

The usual way, one batch at a time with every operation split over all cores, leaves the cores idle between operations
and wherever one thread works alone, and stands still when another program takes one core for a moment. Here each core
goes its own way. And arithmetic in one thread gives the same bits however many cores a machine has.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

Given = TypeVar("Given")
Found = TypeVar("Found")


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """A pool whose threads compute with one thread each; other threads keep the number they have."""
    pool = ThreadPoolExecutor(count, "harvest")
    before = torch.get_num_threads()
    together = threading.Barrier(count)

    def begin(_: int) -> None:
        torch.get_num_threads()  # the first question sets the number that other threads have; one set before is lost
        torch.set_num_threads(1)
        together.wait()  # so that no thread begins twice and another never

    list(pool.map(begin, range(count)))
    torch.set_num_threads(before)
    return pool


class Lanes:
    """Runs calls side by side, or one after the other in the caller's thread where `count` is 0."""

    def __init__(self, count: int) -> None:
        self.count = count

    @property
    def width(self) -> int:
        """How many calls run at once."""
        return max(1, self.count)

    def map(self, run: Callable[[Given], Found], given: Iterable[Given]) -> Iterator[Found]:
        """What `run` gives for each, in the order given. Begins at once, or with the first result asked for."""
        return _threads(self.count).map(run, given) if self.count else map(run, given)


def lanes_for(device: str, *, side_by_side: bool) -> Lanes:
    """Lanes for a function that reads activations on a device.

    On the processor as many as torch would use threads; elsewhere two, so that one batch is fetched and looked
    through while the next is computed. A function that must not be called side by side gets the caller's thread.
    """
    if not side_by_side:
        return Lanes(0)
    return Lanes(torch.get_num_threads() if device == "cpu" else 2)
