"""Requests that go straight to an app in this process, without a network."""

import asyncio

import httpx2
from starlette.types import ASGIApp


class InProcessTransport(httpx2.BaseTransport):
    """Sends a client's requests to an ASGI app; the responses keep their bytes and are not decoded.

    The app runs in an event loop of this transport, so use it in a thread that runs no other event loop.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx2.ASGITransport(app)
        self._runner = asyncio.Runner()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The app's response to a request."""
        return self._runner.run(self._response_to(request))

    def close(self) -> None:
        """End the event loop."""
        self._runner.close()

    async def _response_to(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        return httpx2.Response(response.status_code, headers=response.headers, stream=httpx2.ByteStream(body))
