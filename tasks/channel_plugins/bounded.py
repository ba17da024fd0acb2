"""What our plugins have in common: one time for a whole send, an outcome to read, an address that is never shown."""

import math
import re
from typing import Any

from apprise import NotifyFormat
from apprise.plugins.base import NotifyBase

from tasks.channel_outcomes import CannotReach, Sent
from tasks.channel_plugins.cutting import well_formed
from tasks.channel_plugins.deadline import Deadline
from tasks.rendering import Message

LONGEST_SECONDS = 15.0
"""A delivery gives up a send after 20 s; the plugin must have ended before, so that no thread is left behind."""

PHONE = re.compile(r"\+?[0-9]{5,20}")


class BoundedChannel(NotifyBase):
    """A channel whose send ends in time and says what became of it.

    `?rto=` of its URL is the time for the whole send, 10 s by default. Messages go out as plain text: what citizens
    type must not become a link or a heading.
    """

    socket_read_timeout = 10.0
    request_rate_per_sec = 0.0
    title_maxlen = 250  # With 0 Apprise joins title and body itself.
    notify_format = NotifyFormat.TEXT
    sent: Sent | None = None
    """What became of the last send; None before the first."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        seconds = self.socket_read_timeout
        if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_SECONDS):
            raise TypeError(f"rto must be above 0 and at most {LONGEST_SECONDS:.0f} seconds")
        if not self.verify_certificate:
            raise TypeError("certificates are always verified: add a certificate of your own to the machine's store")
        if self.notify_format != NotifyFormat.TEXT:
            raise TypeError("messages go out as plain text only")

    def send(self, body: str, title: str = "", **_: Any) -> bool:
        """Hand one message over; `sent` tells what became of it."""
        message = Message(well_formed(" ".join(title.splitlines())), well_formed(body))
        try:
            self.sent = self.hand_over(message, Deadline(self.socket_read_timeout))
        except CannotReach as cannot:
            self.sent = Sent(False, cannot.outcome)
        return self.sent.ok

    def hand_over(self, message: Message, deadline: Deadline) -> Sent:
        """One try of this channel.

        Raises: CannotReach.
        """
        raise NotImplementedError

    def url(self, privacy: bool = True, *_: Any, **__: Any) -> str:
        """The scheme alone: whatever Apprise logs of an address, it holds no token and no number."""
        return f"{self.schema}://"
