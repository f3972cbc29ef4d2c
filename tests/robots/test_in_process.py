"""Requests to an app in the same process."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from tests.robots.conftest import MakeServedRound


def test_an_app_can_be_visited_while_the_caller_runs_an_event_loop(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round()

    async def visit() -> bytes:
        return visitor.download(f"/i/{served_round.token}")

    with ThreadPoolExecutor(1) as threads:  # a browser's test may have left a loop in this thread
        assert b"Come in" in threads.submit(lambda: asyncio.run(visit())).result()
