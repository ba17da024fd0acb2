"""A channel on loopback that takes messages as Apprise posts them, and answers as its path says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # many connect at once


class ChannelServer:
    """Answers 200 on /ok…, the number on /500 and the like, and nothing at all on /silent."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, Any]]] = []
        """(path, what was posted) in the order of arrival, also of those that got no answer."""
        self.go_on = threading.Event()
        """Ends the silence of /silent, and the waiting of /gate."""
        self.arrived = threading.Semaphore(0)
        """Released once for each message that came in."""
        self._server = _Server(("127.0.0.1", 0), self._handler())
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

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                path = self.path.partition("?")[0]
                outer.received.append((path, json.loads(body)))
                outer.arrived.release()
                if path in ("/silent", "/gate"):
                    outer.go_on.wait(10)
                if path == "/silent":
                    self.close_connection = True
                    return
                first = path.strip("/").split("/")[0]
                self.send_response(int(first) if first.isdigit() else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing on standard error."""

        return Handler


@contextmanager
def channel_server() -> Iterator[ChannelServer]:
    """A running channel for one block."""
    server = ChannelServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
