"""The ports `zhihui up` needs, tried before anything is started."""

import contextlib
import errno
import socket

import psutil

from deployments import up_wording
from tasks.settings import Settings


class PortTaken(Exception):
    """A port that is needed cannot be had."""


def check_ports(settings: Settings) -> None:
    """See that both ports can be had.

    Raises: PortTaken naming the port, who holds it or what else is wrong, and how to choose another.
    """
    wanted = (
        ("127.0.0.1", settings.prefect_port, "ZHIHUI_PREFECT_PORT"),
        (settings.desk_host, settings.desk_port, "ZHIHUI_DESK_PORT"),
    )
    for host, port, variable in wanted:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise PortTaken(up_wording.port_unusable(f"{host}:{port}", variable, str(error))) from error
                raise PortTaken(up_wording.port_taken(port, variable, _holder_of(port))) from error


def _holder_of(port: int) -> str:
    """The process that listens on a port, as far as we may see it."""
    try:
        found = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ""
    for connection in found:
        if connection.laddr and connection.laddr.port == port and connection.pid:
            with contextlib.suppress(psutil.Error):
                return f"{psutil.Process(connection.pid).name()}({connection.pid})"
    return ""
