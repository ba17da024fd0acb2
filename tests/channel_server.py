"""A channel on loopback that takes what is posted to it, and answers as the first part of the path says."""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

DRIP_SECONDS = 0.1
"""Between two bytes of /drip: shorter than any single time-out, so that only a limit on the whole send ends it."""


@dataclass(frozen=True)
class Reply:
    """What to answer on one path."""

    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Posted:
    """One request as it came in."""

    target: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def path(self) -> str:
        """The path alone."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """What stood behind the path."""
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def json(self) -> Any:
        """The content, where it is JSON."""
        return json.loads(self.content)

    @property
    def form(self) -> dict[str, str]:
        """The content, where it is a form."""
        return dict(parse_qsl(self.content.decode("ascii")))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # many connect at once

    def __init__(self, channel: "ChannelServer") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.channel = channel

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who hang up before the answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        channel = self.server.channel
        content = self.rfile.read(int(self.headers["Content-Length"]))
        first = channel.take(Posted(self.path, dict(self.headers), content))
        if first in ("silent", "gate"):
            channel.go_on.wait(10)
        self.close_connection = first in ("silent", "drip", "dripping", "huge")
        misbehave = getattr(self, f"be_{first}", None)
        if misbehave is not None:
            misbehave()
        elif first != "silent":
            self.answer(channel.reply_to(first))

    def answer(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.content)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.content)

    def be_reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def be_drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        self.be_dripping(b" " * 1000)

    def be_dripping(self, content: bytes = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000) -> None:
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.channel.go_on.wait(DRIP_SECONDS):
                return

    def be_huge(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not self.server.channel.go_on.is_set():
            self.wfile.write(b'{"errcode": 0, "code": 0}' + b" " * 10_000)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on standard error."""


class ChannelServer:
    """Answers 200 on /ok…, the number on /500 and the like, `replies` where it has one, and misbehaves on request.

    /silent says nothing; /gate waits for `go_on`; /reset breaks the connection; /drip sends a byte at a time, and
    /dripping does so from its first header on; /huge does not end.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        """(path, JSON posted) in the order of arrival, also of those that got no answer."""
        self.requests: list[Posted] = []
        """The same in full."""
        self.replies: dict[str, Reply] = {}
        """By the first part of the path."""
        self.go_on = threading.Event()
        """Ends the silence of /silent, and the waiting of /gate."""
        self.arrived = threading.Semaphore(0)
        """Released once for each message that came in."""
        self._server = _Server(self)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._server.server_port}"

    def url(self, path: str) -> str:
        """The Apprise URL of a path; one that never answers is not waited for."""
        return f"json://{self.host}/{path}" + ("?rto=0.3" if path == "silent" else "")

    def paths(self) -> list[str]:
        """The paths posted to, without their leading slash."""
        return [path.lstrip("/") for path, _ in self.received]

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, posted: Posted) -> str:
        """Note what was posted; the first part of its path."""
        is_json = "json" in posted.headers.get("Content-Type", "")
        self.requests.append(posted)
        self.received.append((posted.path, posted.json if is_json else {}))
        self.arrived.release()
        return posted.path.strip("/").split("/")[0]

    def reply_to(self, first: str) -> Reply:
        """The reply of a path."""
        return self.replies.get(first) or Reply(status=int(first) if first.isdigit() else 200)


@contextmanager
def channel_server(tls: ssl.SSLContext | None = None) -> Iterator[ChannelServer]:
    """A running channel for one block."""
    server = ChannelServer(tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
