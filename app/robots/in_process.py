"""Requests that go straight to an app in this process, without a network."""

import httpx2
from anyio.from_thread import start_blocking_portal
from starlette.types import ASGIApp


class InProcessTransport(httpx2.BaseTransport):
    """Sends a client's requests to an ASGI app; the responses keep their bytes and are not decoded.

    The app runs in an event loop in a thread of its own, so the caller may run another one. `close` ends it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx2.ASGITransport(app)
        self._thread = start_blocking_portal()
        self._portal = self._thread.__enter__()  # until `close`, which the client calls

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """The app's response to a request."""
        return self._portal.call(self._response_to, request)

    def close(self) -> None:
        """End the event loop and its thread."""
        self._thread.__exit__(None, None, None)

    async def _response_to(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(request)
        body = b"".join([chunk async for chunk in response.aiter_raw()])
        return httpx2.Response(response.status_code, headers=response.headers, stream=httpx2.ByteStream(body))
