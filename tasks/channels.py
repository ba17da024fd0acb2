"""From a contact point to a message handed over: which address it means, and one send through Apprise.

Addresses of real channels hold secrets (tokens in URLs). They are read from the environment when they are needed and
never leave this module: not into rows, not into errors, not into logs.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from urllib.parse import quote, urlencode

from tasks.rendering import Message

HANDED_OVER, NO_ANSWER, NO_PHONE = "handed_over", "no_answer", "no_phone"
"""Outcomes others compare with; every one has its words in the group `outcome`."""

_STATUS = re.compile(r"error=(\d{3})\b")
_PHONE = re.compile(r"\+?\d{5,20}")


@dataclass(frozen=True, slots=True)
class Target:
    """One way to reach a recipient. `address` is a reference (`demo`, `env:NAME`) or a reporters' URL with {phone}."""

    order: int
    channel: str
    address: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one send: a code of the words' group `outcome`, with a detail that holds no secret."""

    ok: bool
    outcome: str


class CannotReach(Exception):
    """A contact point that cannot be used; `outcome` is what the attempt's row says."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


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
        raise CannotReach("bad_address")
    return url.replace("{phone}", _dialled(phone())) if "{phone}" in url else url


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

    One URL, one Apprise object: the result then speaks of this contact point alone. A channel that answers HTTP 200
    with an error code inside is still believed here.
    """
    apprise = _apprise()
    asset = apprise.AppriseAsset(app_id="zhihui", app_desc="zhihui", async_mode=False)
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return Sent(False, "bad_address")
    service = apprise.Apprise(asset=asset)
    service.add(plugin)
    with _WARNINGS.of_this_thread() as warnings:
        ok = bool(service.notify(body=message.body, title=message.title, body_format=apprise.NotifyFormat.TEXT))
    return Sent(True, HANDED_OVER) if ok else Sent(False, _reason(warnings))


def _dialled(phone: str | None) -> str:
    digits = re.sub(r"[\s-]", "", phone or "")
    if not _PHONE.fullmatch(digits):
        raise CannotReach(NO_PHONE)
    return digits


def _reason(warnings: list[str]) -> str:
    """Only the status code is taken over: Apprise's own sentences may name hosts and phone numbers."""
    for text in warnings:
        status = _STATUS.search(text)
        if status:
            return f"http_error {status[1]}"
    return NO_ANSWER if any("onnection" in text for text in warnings) else "not_accepted"


class _Warnings(logging.Handler):
    """Collects what Apprise warns of, each sending thread for itself."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._threads = threading.local()

    @contextmanager
    def of_this_thread(self) -> Iterator[list[str]]:
        """The warnings of the send inside the block."""
        warnings: list[str] = []
        self._threads.warnings = warnings
        try:
            yield warnings
        finally:
            del self._threads.warnings

    def emit(self, record: logging.LogRecord) -> None:
        collected: list[str] | None = getattr(self._threads, "warnings", None)
        if collected is not None:
            collected.append(record.getMessage())


_WARNINGS = _Warnings()


@cache
def _apprise() -> ModuleType:
    """Apprise, imported at the first send: it takes a fifth of a second that pages and most commands never need.

    Its log and that of the HTTP library below it show full URLs, tokens and targets included, so nothing of them goes
    further than this module.
    """
    import apprise

    log = logging.getLogger("apprise")
    log.setLevel(logging.WARNING)
    log.propagate = False
    log.addHandler(_WARNINGS)
    logging.getLogger("urllib3").setLevel(logging.WARNING)
    module: ModuleType = apprise
    return module
