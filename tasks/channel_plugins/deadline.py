"""One moment at which everything about a send is over: connecting, encrypting, writing and each piece of an answer.

The time-outs of HTTP and SMTP libraries count anew for every piece, so that a channel that sends one byte a second
holds a thread for as long as it likes.
"""

import io
import socket
import time
from typing import Any, cast


class Deadline:
    """So many seconds from now on."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds left.

        Raises: TimeoutError when none is.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this send is over")
        return left


class ReaderUntil(io.RawIOBase):
    """What comes in on a socket, until the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline
        self._raw = cast(io.RawIOBase, sock.makefile("rb", buffering=0))

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Fill the buffer with what is there; wait for it no longer than the deadline allows."""
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Let the socket go."""
        self._raw.close()
        super().close()


def reach(address: tuple[str, int], deadline: Deadline) -> socket.socket:
    """A connection to the first of a host's addresses that answers, all of them tried before the deadline.

    Only the name server cannot be hurried. Raises: OSError.
    """
    reason: OSError = OSError("the host has no address")
    for family, kind, protocol, _, where in socket.getaddrinfo(*address, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left())
            sock.connect(where)
            sock.settimeout(deadline.left())
        except OSError as error:
            sock.close()
            reason = error
        else:
            return sock
    raise reason
