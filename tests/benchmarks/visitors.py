"""Whoever opens pages in a bench: as little of a browser as does, for it has to share the processors with the desk.

Each answer costs it a tenth of what a library for every case would take.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

MOST_CONNECTIONS = 64

LET_GO_AFTER_SECONDS = 2.0
"""Well before the desk closes what was idle for five seconds."""

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Answer(NamedTuple):
    """What the desk said."""

    status: int
    body: bytes


class Visitors:
    """Connections to one desk, each kept for the next request."""

    def __init__(self, host: str, port: int, cookie: str) -> None:
        self._host, self._port, self._cookie = host, port, cookie
        self._idle: list[_Connection] = []
        self._room = asyncio.Semaphore(MOST_CONNECTIONS)

    async def get(self, path: str) -> Answer:
        """Open a page."""
        return await self._ask(f"GET {path} HTTP/1.1\r\n{self._head()}\r\n".encode())

    async def post(self, path: str, fields: Mapping[str, str]) -> Answer:
        """Send a form."""
        form = urlencode(fields)
        kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
        return await self._ask(f"POST {path} HTTP/1.1\r\n{self._head()}{kind}\r\n{form}".encode())

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self._idle:
            connection.close()

    def _head(self) -> str:
        return f"Host: {self._host}:{self._port}\r\nAccept: */*\r\nCookie: {self._cookie}\r\n"

    async def _ask(self, request: bytes) -> Answer:
        async with self._room:
            connection = self._kept() or await self._connected()
            answer = await connection.ask(request)
            self._idle.append(connection)
            return answer

    def _kept(self) -> "_Connection | None":
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh():
                return connection
            connection.close()
        return None

    async def _connected(self) -> "_Connection":
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, self._host, self._port))[1]


class _Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._read = bytearray()
        self._answered_at = 0.0

    def is_fresh(self) -> bool:
        """Whether the desk will not have closed it."""
        return self._transport is not None and time.monotonic() < self._answered_at + LET_GO_AFTER_SECONDS

    def ask(self, request: bytes) -> "asyncio.Future[Answer]":
        """Send a request and await its answer."""
        if self._transport is None:
            raise ConnectionError("the desk has closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Let go."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        self._transport = transport if isinstance(transport, asyncio.Transport) else None

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the desk has closed the connection"))

    def data_received(self, data: bytes) -> None:
        """Hand over the answer once it is whole."""
        self._read += data
        head, end, _ = self._read.partition(_END_OF_HEAD)
        length = _LENGTH.search(head)
        if not end or self._answer is None:
            return
        if length is None:
            raise ConnectionError(f"an answer that does not say how long it is: {bytes(head)!r}")
        whole = len(head) + len(end) + int(length[1])
        if len(self._read) >= whole:
            body = bytes(self._read[len(head) + len(end) : whole])
            del self._read[:whole]
            self._answered_at = time.monotonic()
            self._answer.set_result(Answer(int(head[9:12]), body))
