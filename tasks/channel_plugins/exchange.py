"""One HTTP request to a channel: certificates verified, no redirect followed, all over by the deadline, nothing logged.

Made on the standard library: what lies above it logs whole URLs, tokens included, and can only limit single reads.
The machine's proxies (HTTPS_PROXY, NO_PROXY) and its own certificates (SSL_CERT_FILE) are used.
"""

import base64
import http.client
import io
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from functools import cache, partial
from socket import socket
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from tasks.channel_outcomes import BAD_ADDRESS, BAD_CERTIFICATE, GARBAGE, NO_ANSWER, CannotReach
from tasks.channel_plugins.deadline import Deadline, ReaderUntil, reach

LONGEST_ANSWER = 65_536
"""Bytes of an answer that are read; a channel's real one has a few hundred."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel answered; an answer that is too long counts as an empty one."""

    status: int
    headers: Message
    content: bytes

    def json(self) -> Any:
        """The JSON of the content; None where it is none. Bytes that are no UTF-8 only spoil their own sentence."""
        try:
            return json.loads(self.content.decode("utf-8-sig", "replace"))
        except (ValueError, RecursionError):
            return None


def exchange(
    url: str, content: bytes, headers: Mapping[str, str], deadline: Deadline, *, method: str = "POST"
) -> Answer:
    """Send one request and read its answer.

    Raises: CannotReach.
    """
    try:
        connection, target, login = _connection(urlsplit(url), deadline)
    except ValueError as error:
        raise CannotReach(BAD_ADDRESS) from error
    try:
        connection.request(method, target, content, {"User-Agent": "zhihui", **login, **headers})
        response = connection.getresponse()
        received = response.read(LONGEST_ANSWER + 1)
        answer = Answer(response.status, response.headers, received if len(received) <= LONGEST_ANSWER else b"")
    except ssl.SSLCertVerificationError as error:
        raise CannotReach(BAD_CERTIFICATE) from error
    except OSError as error:
        raise CannotReach(NO_ANSWER) from error
    except http.client.HTTPException as error:
        raise CannotReach(GARBAGE) from error
    except ValueError as error:  # A host name or header that HTTP cannot carry.
        raise CannotReach(BAD_ADDRESS) from error
    finally:
        connection.close()
    return answer


@cache
def secure_context() -> ssl.SSLContext:
    """Verifies certificates and host names against the machine's own store; made once, it takes some 20 ms."""
    return ssl.create_default_context()


class _Response(http.client.HTTPResponse):
    """An answer whose every byte is read before the deadline."""

    def __init__(self, sock: socket, *args: Any, deadline: Deadline, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = io.BufferedReader(ReaderUntil(sock, deadline))


class _Connection(http.client.HTTPConnection):
    """A connection whose every step ends at the deadline."""

    def __init__(self, host: str, port: int, deadline: Deadline, **options: Any) -> None:
        super().__init__(host, port, **options)
        self._deadline = deadline
        self._create_connection = lambda address, *_: reach(address, deadline)
        self.response_class = partial(_Response, deadline=deadline)  # type: ignore[assignment]  # called, never a base

    def send(self, data: Any) -> None:
        """Write what is left of a request in the time that is left."""
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        super().send(data)


class _SecureConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS."""


def _connection(url: SplitResult, deadline: Deadline) -> tuple[http.client.HTTPConnection, str, dict[str, str]]:
    """A connection, by the machine's proxy where it names one; the target of the request on it; a login in clear."""
    proxy = _proxy(url)
    near, login = (proxy, _proxy_login(proxy)) if proxy else (url, {})
    host, port = near.hostname or "", near.port or (443 if near.scheme == "https" else 80)
    target = url._replace(scheme="", netloc="", fragment="").geturl() or "/"
    if url.scheme != "https":
        return _Connection(host, port, deadline), url._replace(fragment="").geturl() if proxy else target, login
    connection = _SecureConnection(host, port, deadline, context=secure_context())
    if proxy:
        connection.set_tunnel(url.hostname or "", url.port or 443, login)
    return connection, target, {}


def _proxy(url: SplitResult) -> SplitResult | None:
    address = getproxies().get(url.scheme)
    if not address or proxy_bypass(url.hostname or ""):
        return None
    return urlsplit(address if "://" in address else f"http://{address}")


def _proxy_login(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": basic(login)}


def basic(login: str) -> str:
    """The header value of a login by name and password."""
    return f"Basic {base64.b64encode(login.encode()).decode('ascii')}"
