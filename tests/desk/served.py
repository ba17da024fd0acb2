"""The desk served by a real uvicorn on a free port of this machine, in a thread."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI


@contextmanager
def served(app: FastAPI, listener: socket.socket) -> Iterator[None]:
    """Serve an app on a socket that is bound already, until the block ends."""
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off"))
    started = threading.Event()
    thread = threading.Thread(target=_run, args=(server, listener, started))
    thread.start()
    try:
        if not started.wait(10):
            raise TimeoutError("the desk did not start within 10 seconds")
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def free_socket() -> socket.socket:
    """A socket on a free port of the loopback address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


def _run(server: uvicorn.Server, listener: socket.socket, started: threading.Event) -> None:
    startup = server.startup

    async def startup_told(sockets: list[socket.socket] | None = None) -> None:
        await startup(sockets)
        started.set()

    server.startup = startup_told  # type: ignore[method-assign]
    server.run(sockets=[listener])
