"""Requests to an app in the same process."""

import asyncio

from tests.robots.conftest import MakeServedRound


def test_an_app_can_be_visited_while_the_caller_runs_an_event_loop(make_served_round: MakeServedRound) -> None:
    served_round, visitor = make_served_round()

    async def visit() -> bytes:
        return visitor.download(f"/i/{served_round.token}")

    assert b"Come in" in asyncio.run(visit())
