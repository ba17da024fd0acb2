"""Deliver waiting notices: claim, sign the link, send through one contact point at a time, record.

The database work is plain functions (`tasks/outbox.py`) run in a thread, one at a time; the sends run side by side.
External sends are at-least-once: after a crash between send and record a notice goes out once more, marked as such.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypedDict, TypeVar, Unpack

from sqlalchemy import Connection, Engine, select

from models.case import Reporter
from models.city import City
from models.tables import table_of
from tasks.channels import NO_ANSWER, NO_PHONE, CannotReach, Sent, address_of, send
from tasks.database import reading, transaction
from tasks.links import sign_link
from tasks.message_settings import MessageSettings, read_message_settings
from tasks.outbox import Batch, Claimed, Visit, claim_notices, settle_attempt
from tasks.personal_data import CannotUnseal, unseal
from tasks.rendering import message_of, render_sent
from tasks.settings import Settings

SIDE_BY_SIDE = 24
"""Sends at a time: 500 notices to a channel that takes 0.2 s each are handed over in some 5 s."""

LONGEST_SEND_SECONDS = 20.0
"""Apprise waits 4 s to connect and 4 s for each piece of an answer; a channel that trickles is given up after this."""

T = TypeVar("T")

logger = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The real time: when an attempt began and ended, whatever moment the visit itself works for."""
    return datetime.now(UTC)


class DeliveryOptions(TypedDict, total=False):
    """What a caller may say besides: all of it has a default."""

    flow_run_id: str | None
    clock: Callable[[], datetime]
    """Read for each attempt's begin and end; the real time by default."""
    messages: MessageSettings
    """The machine's own by default."""
    environ: Mapping[str, str]
    """Holds the addresses of channels (`env:NAME`); the process's own by default."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery did. `failed` counts notices for which no contact point was left."""

    sent: int = 0
    failed: int = 0
    attempts: int = 0
    repeats: int = 0


async def deliver(
    engine: Engine,
    city: City,
    settings: Settings,
    *,
    now: datetime,
    limit: int = 500,
    case_ids: Sequence[int] | None = None,
    **options: Unpack[DeliveryOptions],
) -> Delivery:
    """Deliver up to `limit` waiting notices (of these cases, if named): urgent before routine, old before new.

    Doing it again, or twice at once, sends each notice once. Links count from `now`.
    Example: (await deliver(engine, city, settings, now=now)).sent
    """
    options.setdefault("messages", read_message_settings())
    threads = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="deliver")
    courier = _Courier(engine, city, settings, now, threads, **options)
    try:
        await courier.deliver(limit, case_ids)
    finally:
        # Not waited for: a channel that still trickles must not hold up the visit.
        threads.shutdown(wait=False, cancel_futures=True)
    delivery = courier.delivery()
    if delivery != Delivery():
        logger.info("Delivered notices: %s", delivery, extra={"action": "notices_delivered"})
    return delivery


def deliver_and_wait(
    engine: Engine,
    city: City,
    settings: Settings,
    *,
    now: datetime,
    limit: int = 500,
    case_ids: Sequence[int] | None = None,
    **options: Unpack[DeliveryOptions],
) -> Delivery:
    """The same as deliver, for a caller without an event loop."""
    return asyncio.run(deliver(engine, city, settings, now=now, limit=limit, case_ids=case_ids, **options))


@dataclass
class _Courier:
    """One delivery under way."""

    engine: Engine
    city: City
    settings: Settings
    now: datetime
    threads: ThreadPoolExecutor
    messages: MessageSettings
    flow_run_id: str | None = None
    clock: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def __post_init__(self) -> None:
        self._key = self.settings.secret_key("link")
        self._one_at_a_time = asyncio.Lock()
        self._sent = self._failed = self._attempts = self._repeats = 0

    def delivery(self) -> Delivery:
        """What was done so far."""
        return Delivery(self._sent, self._failed, self._attempts, self._repeats)

    async def deliver(self, limit: int, case_ids: Sequence[int] | None) -> None:
        """Keep the sends going side by side until nothing waits, or the limit is reached."""
        running: set[asyncio.Task[None]] = set()
        left = limit
        try:
            while left or running:
                wanted = min(left, SIDE_BY_SIDE - len(running))
                if wanted:
                    batch = await self._claim(wanted, case_ids)
                    left = left - batch.taken if batch.taken else 0
                    running |= {asyncio.create_task(self._hand_over(claimed)) for claimed in batch.claims}
                if running:
                    done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        task.result()
        finally:
            for task in running:
                task.cancel()

    async def _claim(self, wanted: int, case_ids: Sequence[int] | None) -> Batch:
        batch = await self._write(lambda c: claim_notices(c, self._visit(), wanted, case_ids))
        self._failed += batch.failed
        return batch

    async def _hand_over(self, claimed: Claimed) -> None:
        """Try one contact point after the other, each attempt committed before and after."""
        trying: Claimed | None = claimed
        while trying is not None:
            trying = await self._settle(trying, await self._try(trying))

    async def _settle(self, tried: Claimed, sent: Sent) -> Claimed | None:
        following = await self._write(lambda connection: settle_attempt(connection, self._visit(), tried, sent))
        self._attempts += 1
        self._repeats += tried.repeat
        self._sent += sent.ok
        self._failed += not sent.ok and following is None and sent.outcome != NO_PHONE
        return following

    async def _try(self, claimed: Claimed) -> Sent:
        # Threads of our own: Apprise's async_notify uses the event loop's, of which two cores give only six.
        sending = asyncio.get_running_loop().run_in_executor(self.threads, self._send, claimed)
        try:
            return await asyncio.wait_for(sending, LONGEST_SEND_SECONDS)
        except TimeoutError:
            return Sent(False, NO_ANSWER)

    def _send(self, claimed: Claimed) -> Sent:
        link = None
        if claimed.link is not None:
            link = f"{self.settings.desk_url}/c/{sign_link(self._key, claimed.link, self.now)}"
        message = render_sent(message_of(claimed.text), link, claimed.repeat)
        try:
            url = address_of(
                claimed.target,
                claimed.recipient,
                self.settings.desk_url,
                self.environ,
                lambda: self._phone(claimed.reporter_id),
            )
        except CannotReach as cannot:
            return Sent(False, cannot.outcome)
        return send(url, message)

    def _phone(self, reporter_id: int | None) -> str | None:
        """A reporter's phone number, unsealed for this one send; None where there is none or it was erased."""
        reporters = table_of(Reporter)
        with reading(self.engine) as connection:
            sealed = connection.scalar(select(reporters.c.phone_sealed).where(reporters.c.id == reporter_id))
        if sealed is None:
            return None
        try:
            return unseal(self.settings.secret_key("personal"), sealed)
        except CannotUnseal as error:
            raise CannotReach("not_configured personal_key") from error

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def write() -> T:
            with transaction(self.engine) as connection:
                return work(connection)

        # One at a time: the database has one writer, and the pool of connections stays free for others.
        async with self._one_at_a_time:
            return await asyncio.to_thread(write)

    def _visit(self) -> Visit:
        return Visit(self.city, self.messages.reporter_channel, self.clock(), self.flow_run_id)
