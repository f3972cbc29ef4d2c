"""Batches at the same time: one thread per core, each with a batch of its own and one thread of arithmetic.

The usual way, one batch at a time with every operation split over all cores, leaves the cores idle between operations
and wherever one thread works alone, and stands still when another program takes one core for a moment. Here each core
works on its own batch. And arithmetic in one thread gives the same bits however many cores a machine has.

On a graphics card each thread has a stream of its own, so that waiting for one batch's results never means waiting for
the batch after it. Measured on an NVIDIA H200 (`bench.graphics_card`) as shares of the bare forward pass, everything
harvested together: 0.37 with one thread, 0.79 with four, 0.97 with four and 1.00 with six where shards overlap.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import TypeVar

import torch

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

THREADS_PER_CARD = 6
"""Enough that the card has a batch to compute while the batches before it are searched."""
_of_this_thread = threading.local()


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

    def __init__(self, thread_count: int, *, has_streams: bool = False) -> None:
        """`has_streams` gives each thread its own stream on the graphics card."""
        self.thread_count, self.has_streams = thread_count, has_streams

    @property
    def calls_at_once(self) -> int:
        """How many calls run at the same time."""
        return max(1, self.thread_count)

    def map(self, run: Callable[[Task], Outcome], tasks: Iterable[Task]) -> Iterator[Outcome]:
        """The outcome of `run` for each task, in the order of the tasks.

        Threads begin at once; in the caller's thread a task begins when its outcome is asked for.
        """
        if not self.thread_count:
            return map(run, tasks)
        return _thread_pool(self.thread_count).map(partial(_run_in_stream, run) if self.has_streams else run, tasks)


def _run_in_stream(run: Callable[[Task], Outcome], task: Task) -> Outcome:
    """Call a function with a task in this thread's stream, after what the card was asked before, until it is done."""
    if not hasattr(_of_this_thread, "stream"):
        _of_this_thread.stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]  # the library leaves it untyped
    stream: torch.cuda.Stream = _of_this_thread.stream
    stream.wait_stream(torch.cuda.default_stream())  # a model may still be on its way to the card
    with torch.cuda.stream(stream):
        outcome = run(task)
    stream.synchronize()  # the caller reads the outcome in another stream
    return outcome


def worker_threads_for_device(device: str, *, is_thread_safe: bool) -> WorkerThreads:
    """The threads for a function that reads activations on a device.

    On the processor they are as many as torch would use. A function that is not thread-safe gets the caller's thread
    only.
    """
    if not is_thread_safe:
        return WorkerThreads(0)
    return (
        WorkerThreads(torch.get_num_threads()) if device == "cpu" else WorkerThreads(THREADS_PER_CARD, has_streams=True)
    )
