"""E-mail: `mailto://` and `mailtos://` of Apprise, as plain text, with the server's own code where it says no."""

import contextlib
import io
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from apprise.plugins.email import NotifyEmail
from apprise.plugins.email.common import AppriseEmailException, SecureMailMode

from tasks.channel_outcomes import (
    AUTH_REFUSED,
    BAD_ADDRESS,
    BAD_CERTIFICATE,
    GARBAGE,
    HANDED_OVER,
    NO_ANSWER,
    NOT_ENCRYPTED,
    REFUSED,
    TOO_FAST,
    CannotReach,
    Sent,
)
from tasks.channel_plugins.bounded import BoundedChannel
from tasks.channel_plugins.deadline import Deadline, ReaderUntil, reach
from tasks.channel_plugins.exchange import secure_context
from tasks.rendering import Message

TRY_LATER_SECONDS = 300.0
"""How long to wait after a 4xx answer: servers that grey-list let the same letter through after some minutes."""

_LOGIN_CODES = (530, 534, 535, 538)


class MailChannel(BoundedChannel, NotifyEmail):
    """E-mail by one server; which one, and how it is reached, Apprise reads from the address."""

    def hand_over(self, message: Message, deadline: Deadline) -> Sent:
        """Give the letter to the server; it is handed over once the server has said 250 to the whole of it."""
        try:
            with self._server(deadline) as server:
                for letter in self._letters(message):
                    refused = server.sendmail(self.from_addr[1], letter.to_addrs, letter.body)
                    if refused:
                        raise smtplib.SMTPRecipientsRefused(refused)
        except smtplib.SMTPRecipientsRefused as error:
            return refusal(next(iter(error.recipients.values()))[0])
        except smtplib.SMTPResponseException as error:
            return refusal(error.smtp_code)
        except ssl.SSLCertVerificationError as error:
            raise CannotReach(BAD_CERTIFICATE) from error
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            raise CannotReach(NO_ANSWER) from error
        except smtplib.SMTPException as error:
            raise CannotReach(GARBAGE) from error
        except OSError as error:
            raise CannotReach(NO_ANSWER) from error
        return Sent(True, HANDED_OVER)

    @contextlib.contextmanager
    def _server(self, deadline: Deadline) -> Iterator[smtplib.SMTP]:
        encrypted = self.secure_mode == SecureMailMode.SSL
        server = _Server(self.smtp_host, self.port, deadline, encrypted)
        try:
            if self.secure_mode == SecureMailMode.STARTTLS:
                _encrypt(server)
            if self.user and self.password:
                _log_in(server, self.user, self.password)
            yield server
            # The letter is with the server: a farewell that fails changes nothing.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()

    def _letters(self, message: Message) -> list[Any]:
        try:
            prepared = NotifyEmail.prepare_emails(
                subject=message.title,
                body=message.body,
                notify_format=self.notify_format,
                from_addr=self.from_addr,
                to=self.targets,
                cc=self.cc,
                bcc=self.bcc,
                reply_to=self.reply_to,
                smtp_host=self.smtp_host,
                headers={"X-Application": "zhihui", **self.headers},
                names=self.names,
                tzinfo=self.tzinfo,
            )
            return list(prepared)
        except AppriseEmailException as error:
            raise CannotReach(BAD_ADDRESS) from error


def refusal(code: int) -> Sent:
    """What a server's code means; 4xx asks to come again, which is also how grey-listing servers greet strangers."""
    if code in _LOGIN_CODES:
        return Sent(False, f"{AUTH_REFUSED} {code}")
    if 400 <= code < 500:
        return Sent(False, f"{TOO_FAST} {code}", TRY_LATER_SECONDS)
    return Sent(False, f"{REFUSED} {code}" if 500 <= code < 600 else GARBAGE)


class _Server(smtplib.SMTP):
    """A connection to a mail server whose every step ends at the deadline."""

    def __init__(self, host: str, port: int, deadline: Deadline, encrypted: bool) -> None:
        self._deadline, self._encrypted = deadline, encrypted
        super().__init__(host, port, local_hostname=_own_name())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = reach((host, port), self._deadline)
        return secure_context().wrap_socket(sock, server_hostname=host) if self._encrypted else sock

    def getreply(self) -> tuple[int, bytes]:
        """The server's next answer."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(ReaderUntil(self.sock, self._deadline))
        return super().getreply()

    def send(self, s: Any) -> None:
        """Write in the time that is left."""
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        super().send(s)


def _own_name() -> str:
    """The machine's name as a greeting; never looked up, for a name server that hangs would hold the send."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _encrypt(server: smtplib.SMTP) -> None:
    try:
        server.starttls(context=secure_context())
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
        raise CannotReach(NOT_ENCRYPTED) from error


def _log_in(server: smtplib.SMTP, user: str, password: str) -> None:
    try:
        server.login(user, password)
    except smtplib.SMTPAuthenticationError as error:
        raise CannotReach(f"{AUTH_REFUSED} {error.smtp_code}") from error
    except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
        raise
    except smtplib.SMTPException as error:  # No login here, or none by a way that both sides know.
        raise CannotReach(AUTH_REFUSED) from error
