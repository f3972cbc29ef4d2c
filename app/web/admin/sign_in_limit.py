"""A limit on wrong passwords from one address, counted in this process."""

import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.foundation.errors import AccessError

MOST_WRONG_PASSWORDS = 8
WINDOW_MINUTES = 10
LIMIT = RateLimitItemPerMinute(MOST_WRONG_PASSWORDS, WINDOW_MINUTES, namespace="wrong password")


class SignInLimit:
    """Counts wrong passwords by address, in time windows that begin with the first one."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def require_attempt_left(self, address: str) -> None:
        """Raise AccessError if too many wrong passwords came from this address within the window."""
        if self._limiter.test(LIMIT, address):
            return
        seconds = self._limiter.get_window_stats(LIMIT, address).reset_time - time.time()
        msg = f"Too many wrong passwords; try again in {max(1, round(seconds / 60))} minutes."
        raise AccessError(msg)

    def count_wrong_password(self, address: str) -> None:
        """Use up one attempt of this address."""
        self._limiter.hit(LIMIT, address)

    def forget_address(self, address: str) -> None:
        """Give this address all its attempts back, as a right password does."""
        self._limiter.clear(LIMIT, address)
