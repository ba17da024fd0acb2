"""What guards every answer: headers that keep pages from being framed, sniffed or leaked, and a limit on bodies."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LONGEST_BODY = 64 * 1024
"""Bytes of a request's body, where no pictures are awaited."""

HEADERS = {
    # No script at all, ours or anybody's: the pages work without.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # The address of a page behind a link is the key to it: it must not travel on in a Referer.
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class ProtectedHeaders:
    """Puts the protecting headers on every answer, also on errors; a page may set its own Cache-Control."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add to the answer."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class LimitedBody:
    """Takes a body in whole before anything looks at it, and refuses one over the limit.

    Where `room` gives a request more bytes than that, it streams on to whoever reads it, and breaks off when too long.
    """

    def __init__(self, app: App, room: Callable[[Scope], int] = lambda _: LONGEST_BODY) -> None:
        self._app, self._room = app, room

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        room = self._room(scope)
        if room > LONGEST_BODY:
            await self._app(scope, _bounded(receive, room), send)
            return
        body = await _read_body(receive)
        if body is None:
            await _refuse(send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def replayed() -> Message:
            return unread.pop() if unread else await receive()

        await self._app(scope, replayed, send)


def _bounded(receive: Receive, room: int) -> Receive:
    """The same body piece by piece; what it says of its own length is not believed here either."""
    left = room

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413)
        return message

    return counted


async def _read_body(receive: Receive) -> bytes | None:
    """The whole body, or None where it is over the limit; what it says of its own length is not believed."""
    body = b""
    while True:
        message = await receive()
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > LONGEST_BODY:
            return None
        if not message.get("more_body", False):
            return body


async def _refuse(send: Send) -> None:
    text = b"413 too large \xe5\x86\x85\xe5\xae\xb9\xe5\xa4\xaa\xe5\xa4\xa7\n"
    await send(
        {
            "type": "http.response.start",
            "status": 413,
            "headers": [
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(text)).encode()),
                # What is still coming is not waited for.
                (b"connection", b"close"),
            ],
        }
    )
    await send({"type": "http.response.body", "body": text})
