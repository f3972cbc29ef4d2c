"""The audit's probe walks wherever it is called from."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Receive, Scope, Send

from app.store.round_copy import Probe
from app.web.leak_audit.probe import walk


async def finished(scope: Scope, receive: Receive, send: Send) -> None:
    """A round of which nothing is left to judge."""
    assert scope["type"] == "http"
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b'<main data-step="done">'})


def test_a_probe_walks_from_within_a_running_event_loop() -> None:
    async def inside() -> list[str]:
        fetched, _ = walk(finished, [Probe(id="probe", token="token", order_seed="00")])
        return [one.request for one in fetched]

    with ThreadPoolExecutor(1) as pool:  # the browser tests of the same process have a loop in this thread
        found = pool.submit(asyncio.run, inside()).result()
    assert found == ["GET /i", "POST /i", "GET /judge/instructions", "GET /judge"]
