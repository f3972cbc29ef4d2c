"""Batches at the same time: one thread per core, each with a batch of its own and one thread of arithmetic.

The usual way, one batch at a time with every operation split over all cores, leaves the cores idle between operations
and wherever one thread works alone, and stands still when another program takes one core for a moment. Here each core
works on its own batch. And arithmetic in one thread gives the same bits however many cores a machine has.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import torch

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")


@cache
def _thread_pool(thread_count: int) -> ThreadPoolExecutor:
    """A pool whose threads compute with one thread each; torch's number of threads stays as it is outside the pool."""
    pool = ThreadPoolExecutor(thread_count, "harvest")
    before = torch.get_num_threads()
    barrier = threading.Barrier(thread_count)

    def begin(_: int) -> None:
        torch.get_num_threads()  # the first call resets the thread's number, so one that is set before is lost
        torch.set_num_threads(1)
        barrier.wait()  # so that every thread of the pool takes exactly one of these calls

    list(pool.map(begin, range(thread_count)))
    torch.set_num_threads(before)
    return pool


class WorkerThreads:
    """Runs calls at the same time, or one after the other in the caller's thread if `thread_count` is 0."""

    def __init__(self, thread_count: int) -> None:
        self.thread_count = thread_count

    @property
    def calls_at_once(self) -> int:
        """How many calls run at the same time."""
        return max(1, self.thread_count)

    def map(self, run: Callable[[Task], Outcome], tasks: Iterable[Task]) -> Iterator[Outcome]:
        """The outcome of `run` for each task, in the order of the tasks.

        Threads begin at once; in the caller's thread a task begins when its outcome is asked for.
        """
        return _thread_pool(self.thread_count).map(run, tasks) if self.thread_count else map(run, tasks)


def worker_threads_for_device(device: str, *, is_thread_safe: bool) -> WorkerThreads:
    """The threads for a function that reads activations on a device.

    On the processor they are as many as torch would use; elsewhere two, so that one batch is copied and searched while
    the next is computed. A function that is not thread-safe gets the caller's thread only.
    """
    if not is_thread_safe:
        return WorkerThreads(0)
    return WorkerThreads(torch.get_num_threads() if device == "cpu" else 2)
