"""Freed memory stays with the process."""

import platform
import resource

import torch

from app.harvest.scan.memory import keep_freed_memory


def test_freed_memory_is_kept_for_the_next_batch() -> None:
    """Page faults of allocating and freeing the same block again and again, once glibc has been told to keep it."""
    if not keep_freed_memory():
        assert platform.libc_ver()[0] != "glibc"
        return
    for _ in range(3):
        torch.ones(4_000_000)
    fewest = min(count_page_faults(20, 4_000_000) for _ in range(3))  # the system takes some back
    assert fewest < 20 * 4_000_000 * 4 / 4096 / 4


def count_page_faults(times: int, size: int) -> int:
    """Page faults of making and dropping a tensor of so many numbers so often."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(times):
        torch.ones(size)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
