"""A real SMTP server on loopback that takes letters, and refuses whom and what it is told to."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = b"zhihui", b"s3cret"


class MailServer:
    """Letters go to `letters`; a recipient that stands in `refusals` is answered by that line."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.refusals: dict[str, str] = {}
        self.data_answer = "250 OK"
        self.port = 0

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        """Take a recipient, or not."""
        refusal = self.refusals.get(address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        """Take a letter."""
        self.letters.append(message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        return self.data_answer


class _Controller(Controller):
    """The server on a free port, which the library itself does not look for."""

    def __init__(self, handler: MailServer, **options: Any) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        super().__init__(handler, hostname="127.0.0.1", port=self._socket.getsockname()[1], **options)

    def _create_server(self) -> Any:
        return self.loop.create_server(self._factory_invoker, sock=self._socket, ssl=self.ssl_context)


@contextmanager
def mail_server(
    *, asks_for_login: bool = False, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    """A running mail server for one block."""
    handler = MailServer()
    options: dict[str, Any] = {"tls_context": starttls, "ssl_context": tls}
    if asks_for_login:
        options |= {"auth_required": True, "auth_require_tls": False, "authenticator": _check}
    controller = _Controller(handler, **options)
    handler.port = controller.port
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


def _check(server: Any, session: Session, envelope: Envelope, mechanism: str, given: Any) -> AuthResult:
    known = isinstance(given, LoginPassword) and (given.login, given.password) == (USER, PASSWORD)
    return AuthResult(success=known, handled=known)


@contextmanager
def trickling_server(greeting: bytes) -> Iterator[str]:
    """Host and port of a server that says a greeting and then a byte now and then, for as long as one listens."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def trickle() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(greeting)
                while not over.wait(0.1):
                    try:
                        connection.sendall(b"2")
                    except OSError:
                        return

        thread = threading.Thread(target=trickle)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            thread.join()
