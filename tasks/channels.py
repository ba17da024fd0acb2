"""From a contact point to a message handed over: which address it means, and one send through Apprise.

Addresses of real channels hold secrets (tokens in URLs). They are read from the environment when they are needed and
never leave this module: not into rows, not into errors, not into logs.
"""

import logging
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from urllib.parse import quote, urlencode

from tasks.channel_outcomes import (
    BAD_ADDRESS,
    HANDED_OVER,
    HTTP_ERROR,
    NO_ANSWER,
    NO_PHONE,
    NOT_ACCEPTED,
    TOO_FAST,
    CannotReach,
    Sent,
)
from tasks.rendering import Message

_STATUS = re.compile(r"error=(\d{3})\b")
_PHONE = re.compile(r"\+?[0-9]{5,20}")


@dataclass(frozen=True, slots=True)
class Target:
    """One way to reach a recipient. `address` is a reference (`demo`, `env:NAME`) or a reporters' URL with {phone}."""

    order: int
    channel: str
    address: str


def address_of(
    target: Target,
    recipient: str,
    desk_url: str,
    environ: Mapping[str, str],
    phone: Callable[[], str | None] = lambda: None,
) -> str:
    """The Apprise URL of a contact point; the phone number is asked for only where the URL has a place for it.

    Raises: CannotReach.
    """
    if target.address == "demo":
        return demo_address(desk_url, recipient, target.channel)
    url = target.address
    if url.startswith("env:"):
        name = url.removeprefix("env:")
        url = environ.get(name, "").strip()
        if not url:
            raise CannotReach(f"not_configured {name}")
    if "://" not in url:
        raise CannotReach(BAD_ADDRESS)
    return url.replace("{phone}", quote(_dialled(phone()), safe="")) if "{phone}" in url else url


def demo_address(desk_url: str, recipient: str, channel: str) -> str:
    """The desk's demo inbox of a recipient, as Apprise reaches it: real HTTP, a page to look at.

    Example: http://127.0.0.1:8200, lihe-liaison, dingtalk ->
    json://127.0.0.1:8200/demo/inbox/lihe-liaison?-channel=dingtalk
    """
    scheme, _, rest = desk_url.partition("://")
    schema = "jsons" if scheme == "https" else "json"
    return f"{schema}://{rest}/demo/inbox/{quote(recipient, safe='')}?{urlencode({'-channel': channel})}"


def send(url: str, message: Message) -> Sent:
    """Hand one message over to one address and say what became of it.

    One URL, one Apprise object: the result then speaks of this contact point alone. Our own plugins tell it
    themselves; of Apprise's others only the status is known, and one that says 200 with an error inside is believed.
    """
    apprise = apprise_with_our_plugins()
    asset = apprise.AppriseAsset(app_id="zhihui", app_desc="zhihui", async_mode=False, http_redirects=False)
    body, title = (message.body, message.title) if message.body else (message.title, "")
    with _LISTENER.of_this_thread() as warnings:
        plugin = apprise.Apprise.instantiate(url, asset=asset)
        if plugin is None:
            return Sent(False, BAD_ADDRESS)
        # Trying again is the outbox's business, and so is a failure: neither is left to what an address asks for.
        plugin.retry, plugin.optional = 0, False
        service = apprise.Apprise(asset=asset)
        service.add(plugin)
        ok = bool(service.notify(body=body, title=title, body_format=apprise.NotifyFormat.TEXT))
    told: Sent | None = getattr(plugin, "sent", None)
    return told or (Sent(True, HANDED_OVER) if ok else Sent(False, _reason(warnings)))


def _dialled(phone: str | None) -> str:
    # People type numbers in full-width digits too.
    digits = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", phone or ""))
    if not _PHONE.fullmatch(digits):
        raise CannotReach(NO_PHONE)
    return digits


def _reason(warnings: list[logging.LogRecord]) -> str:
    """Only a status, or what kind of error it was: Apprise's own sentences may name hosts and phone numbers."""
    for record in warnings:
        status = _STATUS.search(record.getMessage())
        if status:
            return f"{TOO_FAST if status[1] == '429' else HTTP_ERROR} {status[1]}"
        if record.exc_info and record.exc_info[0]:
            return f"{NOT_ACCEPTED} {record.exc_info[0].__name__}"
    return NO_ANSWER if any("onnection" in record.getMessage() for record in warnings) else NOT_ACCEPTED


class _Listener(logging.Filter):
    """Lets nothing through that a send logs, whatever level and handlers others set, and keeps its warnings.

    Apprise and the HTTP library below it log whole addresses, tokens and telephone numbers included.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = threading.local()

    @contextmanager
    def of_this_thread(self) -> Iterator[list[logging.LogRecord]]:
        """The warnings of the send inside the block."""
        warnings: list[logging.LogRecord] = []
        self._threads.warnings = warnings
        try:
            yield warnings
        finally:
            del self._threads.warnings

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record may go on: not one of a send."""
        collected: list[logging.LogRecord] | None = getattr(self._threads, "warnings", None)
        if collected is not None and record.levelno >= logging.WARNING:
            collected.append(record)
        return collected is None


_LISTENER = _Listener()
_TALKATIVE = ("apprise", "urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")

_LOADED: list[ModuleType] = []
_LOADING = threading.Lock()


def apprise_with_our_plugins() -> ModuleType:
    """Apprise with our plugins, imported at the first send: it takes a fifth of a second that pages never need.

    Many threads send at once from the first moment; none may see Apprise before its own plugins are replaced.
    """
    with _LOADING:
        if not _LOADED:
            _LOADED.append(_load())
        return _LOADED[0]


def _load() -> ModuleType:
    import apprise

    from tasks.channel_plugins.registration import register_plugins

    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_LISTENER)
    register_plugins()
    module: ModuleType = apprise
    return module
