"""A limit on wrong passwords: after a few, the address waits. Kept in the process; checking one is slow anyway."""

import threading
from collections import defaultdict, deque
from datetime import datetime, timedelta

from app.foundation.errors import AccessError

MOST = 8
WINDOW = timedelta(minutes=10)
REMEMBERED = 10_000
"""Addresses kept at most, so that nobody fills the memory by coming from many."""


class Attempts:
    """Times of wrong passwords by address."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._lock = threading.Lock()

    def require_few(self, address: str, now: datetime) -> None:
        """Raise AccessError if this address was wrong too often in the last ten minutes."""
        with self._lock:
            times = self._recent(address, now)
            if len(times) < MOST:
                return
            wait = times[0] + WINDOW - now
        msg = f"Too many wrong passwords; try again in {max(1, round(wait.total_seconds() / 60))} minutes."
        raise AccessError(msg)

    def wrong(self, address: str, now: datetime) -> None:
        """Remember a wrong password."""
        with self._lock:
            if len(self._times) >= REMEMBERED:
                self._times.pop(next(iter(self._times)))
            self._recent(address, now).append(now)

    def right(self, address: str) -> None:
        """Forget the wrong ones."""
        with self._lock:
            self._times.pop(address, None)

    def _recent(self, address: str, now: datetime) -> deque[datetime]:
        times = self._times[address]
        while times and now - times[0] > WINDOW:
            times.popleft()
        return times
