"""Sends a notice for which somebody waits in front of the screen, without the minute the engine would take.

Who asks gets an answer before anything is sent, however slow the channel is: so the answer's time tells nothing
either. What cannot be sent here stays a waiting notice, and the engine's next delivery takes it.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime

from sqlalchemy import Engine

from desk.context import city_or_none
from tasks.call_sending import waiting_calls
from tasks.database import reading
from tasks.message_settings import MessageSettings
from tasks.notify import deliver_and_wait
from tasks.settings import Settings

LOG = logging.getLogger("zhihui.desk")

FIRST_CALLS = 4
"""Messages of a call the desk sends itself; the engine takes the others within its minute."""

AT_ONCE = 4


class Courier:
    """A few threads of its own that deliver single notices; none runs before the first one is sent."""

    def __init__(self, settings: Settings, messages: MessageSettings, engine: Engine) -> None:
        self._settings, self._messages, self._engine = settings, messages, engine
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="desk-courier")

    def send(self, notice_id: int) -> None:
        """Have a notice delivered now; returns at once."""
        self._threads.submit(self._deliver, notice_id).add_done_callback(_say_if_it_failed)

    def _deliver(self, notice_id: int) -> None:
        with reading(self._engine) as connection:
            city = city_or_none(connection)
        if city is not None:
            deliver_and_wait(
                self._engine,
                city,
                self._settings,
                now=datetime.now(UTC),
                messages=self._messages,
                notice_ids=[notice_id],
            )


def _say_if_it_failed(done: Future[None]) -> None:
    error = done.exception()
    if error is not None:
        LOG.warning("a key to the desk waits: %s", type(error).__name__, extra={"action": "key_not_sent"})


def send_calls_soon(engine: Engine, now: datetime, send_soon: Callable[[int], None]) -> None:
    """Have the first messages of calls go out at once, where somebody has just raised a warning at the desk."""
    with reading(engine) as connection:
        first = waiting_calls(connection, now, FIRST_CALLS)
    for notice_id in first:
        send_soon(notice_id)
