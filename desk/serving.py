"""The desk as a program: one port, served by one process or by several that are forked from it.

`python -m desk.serving` runs it as this machine's environment describes it; so does `zhihui desk`.

CannotListen   the address or port cannot be had
"""

import contextlib
import gc
import socket
import sys
from typing import Any

import uvicorn
from fastapi import FastAPI

from desk.app import app_told, read_told
from desk.call_counts import CallCounts
from desk.context import city_or_none
from desk.forked import Forked
from desk.pages import compile_pages
from tasks.database import open_database, reading
from tasks.database_errors import DatabaseError
from tasks.settings import Settings, SettingsError

REFUSED = 1

WAITING_CONNECTIONS = 2048


class CannotListen(Exception):
    """The desk cannot have its address or port."""


def serve(host: str | None = None, port: int | None = None) -> int:
    """Serve until told to stop; returns the exit code.

    Raises: SettingsError, DatabaseError, CannotListen.
    """
    told = read_told()
    processes = told.settings.desk_processes
    host, port = host or told.settings.desk_host, port or told.settings.desk_port
    sockets = _listen(host, port)
    if processes == 1:
        app = app_told(told)
        _say(host, port, processes)
        _answer(app, sockets)
        return 0
    _prepare(told.settings)
    _say(host, port, processes)
    counts = CallCounts(processes)
    return Forked(processes, lambda process: _answer(app_told(told, counts.mine(process)), sockets)).run()


def _say(host: str, port: int, processes: int) -> None:
    print(f"The desk listens on {host}, port {port}; processes: {processes}.", file=sys.stderr)


def _prepare(settings: Settings) -> None:
    """Say once what keeps a desk from starting; read once what all processes share, so that nobody's first page waits.

    Raises: DatabaseError.
    """
    engine = open_database(settings.database_url, migrate=False)
    with reading(engine) as connection:
        city_or_none(connection)
    # No process may go on with a connection of this one.
    engine.dispose()
    compile_pages()
    gc.collect()
    # Looking through it for garbage would copy what is shared.
    gc.freeze()


def _listen(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of the host, as the event loop would make them.

    Raises: CannotListen.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [_listening(*each) for each in dict.fromkeys((family, proto, to) for family, _, proto, _, to in found)]
    except OSError as error:
        raise CannotListen(
            f"The desk cannot listen on {host}, port {port}: {error.strerror or error}. End the other program, or set "
            "ZHIHUI_DESK_HOST / ZHIHUI_DESK_PORT."
        ) from error


def _listening(family: int, protocol: int, address: Any) -> socket.socket:
    # The protocol is named, as the event loop looks for it: it sets TCP_NODELAY on no other sockets, and each answer
    # would wait 40 ms for the reader's machine to say that it has the headers.
    listener = socket.socket(family, socket.SOCK_STREAM, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(WAITING_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def _answer(app: FastAPI, sockets: list[socket.socket]) -> None:
    """Answer whoever comes to these sockets, until told to stop."""
    config = uvicorn.Config(
        app,
        backlog=WAITING_CONNECTIONS,
        # No access log: it would hold the links, and whoever has a link may read its case.
        access_log=False,
        # The desk itself knows which proxies to believe.
        proxy_headers=False,
        # Whoever looks for a program with a known hole is not told which one this is.
        server_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets)


def main() -> int:
    """Serve, and say why not."""
    try:
        return serve()
    except (SettingsError, DatabaseError, CannotListen) as error:
        print(error, file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    sys.exit(main())
