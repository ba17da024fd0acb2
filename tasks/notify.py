"""Deliver waiting notices: claim, sign the link, send side by side on each channel's own lane, record.

The database work is plain functions (`tasks/waiting.py`, `tasks/outbox.py`, `tasks/settling.py`) run in a thread, one
at a time. External sends are at-least-once: after a crash between send and record a notice goes out once more, marked
as such (`docs/messages.md`).
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TypedDict, TypeVar, Unpack

from sqlalchemy import Connection, Engine, select

from models.case import Reporter
from models.city import City
from models.notice import Priority
from models.tables import table_of
from tasks.brake import apply_brake
from tasks.channel_outcomes import NO_ANSWER, CannotReach, Sent
from tasks.channels import address_of, send
from tasks.database import reading, transaction
from tasks.lanes import Lanes, in_a_thread
from tasks.links import Link, Purpose, path_of
from tasks.message_settings import MessageSettings, read_message_settings
from tasks.one_time_code import code_of
from tasks.outbox import Handover, Opened, open_queued
from tasks.personal_data import CannotUnseal, unseal
from tasks.rendering import Message, message_of, render_bundle, render_sent
from tasks.settings import Settings
from tasks.settling import Settled, settle
from tasks.waiting import BY_PRIORITY, PAGE, Visit, sort_page, waiting_page, write_sorted

MOST_AT_ONCE = 64
"""Notices for which an attempt is opened in one transaction."""

LONGEST_SEND_SECONDS = 20.0
"""A channel that trickles is given up after this, whatever its own patience is."""

LOOK_AGAIN_SECONDS = 1.0
"""While sends are under way, new notices are looked for so often: one channel that hangs delays no other's."""

GATHER_SECONDS = 0.01
"""Sends that end within this time are recorded in one transaction: each commit waits for the disk."""

BELOW = {Purpose.MINE: "mine", Purpose.DUTY: "duty", Purpose.FLOOD: "flood", Purpose.EVALUATION: "evaluation"}
"""What the line with the link says it opens; a case where it is none of these."""

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
    notice_ids: Sequence[int] | None
    """Only these notices: somebody waits for them at this moment."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one delivery did, in notices. `failed` counts those for which no contact point was left."""

    sent: int = 0
    failed: int = 0
    attempts: int = 0
    repeats: int = 0
    expired: int = 0
    held: int = 0
    """Overdue notices the brake holds until the administrator has decided."""


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

    Doing it again, or twice at once, sends each notice once. Links, quiet hours and expiry count from `now`. What a
    limit, the night or a bundle keeps back stays waiting for a later delivery.
    Example: (await deliver(engine, city, settings, now=now)).sent
    """
    options.setdefault("messages", read_message_settings())
    courier = _Courier(engine, city, settings, now, **options)
    await courier.deliver(limit, case_ids)
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
    """One delivery under way: a loop that reads and writes the database, and sends side by side in threads."""

    engine: Engine
    city: City
    settings: Settings
    now: datetime
    messages: MessageSettings
    flow_run_id: str | None = None
    clock: Callable[[], datetime] = utc_now
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    notice_ids: Sequence[int] | None = None

    def __post_init__(self) -> None:
        self._key = self.settings.secret_key("link")
        self._began = self.clock()
        self._lanes = Lanes(self.city.messages)
        self._positions = dict.fromkeys(BY_PRIORITY, 0)
        self._sending: set[asyncio.Task[tuple[Handover, Sent]]] = set()
        self._counts: Counter[str] = Counter()

    def delivery(self) -> Delivery:
        """What was done so far."""
        return Delivery(**self._counts)

    async def deliver(self, limit: int, case_ids: Sequence[int] | None) -> None:
        """Go on until nothing waits that may go now, or the limit is reached."""
        self._counts["held"] += await self._write(lambda c: apply_brake(c, self.city, self.now))
        left, looked_at = limit, 0.0
        try:
            while True:
                if left and (not self._lanes.queued or monotonic() - looked_at > LOOK_AGAIN_SECONDS):
                    await self._look(case_ids)
                    looked_at = monotonic()
                left = max(left - await self._record_and_open(await self._ended(), left), 0)
                if not self._sending and (not left or not self._lanes.ready):
                    return
        finally:
            for task in self._sending:
                task.cancel()

    async def _look(self, case_ids: Sequence[int] | None) -> None:
        """Queue what has come to wait since the last look, or all anew where a full queue left something behind."""
        if self._lanes.look_anew():
            self._positions = dict.fromkeys(BY_PRIORITY, 0)
        for priority in BY_PRIORITY:
            while await self._look_at_page(priority, case_ids) == PAGE:
                pass

    async def _look_at_page(self, priority: Priority, case_ids: Sequence[int] | None) -> int:
        visit, after = self._visit(), self._positions[priority]
        rows = await self._read(lambda c: waiting_page(c, visit, priority, after, case_ids, self.notice_ids))
        done = sort_page(rows, visit, self._lanes)
        if done.expired or done.later:
            self._counts["expired"] += await self._write(lambda c: write_sorted(c, visit, done))
        self._positions[priority] = max(after, done.last_id)
        return len(rows)

    async def _ended(self) -> list[tuple[Handover, Sent]]:
        """Wait until sends have ended, if any are under way; those that end together are recorded together."""
        if not self._sending:
            return []
        await asyncio.wait(self._sending, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended, self._sending = await asyncio.wait(self._sending, timeout=GATHER_SECONDS)
        return [task.result() for task in ended]

    async def _record_and_open(self, done: Sequence[tuple[Handover, Sent]], left: int) -> int:
        """Record what has ended and begin what there is a place for, in one transaction.

        Returns how many notices were begun or given up.
        """
        for handover, sent in done:
            self._lanes.lane(handover.target.channel).answered(sent.outcome != NO_ANSWER)
        if not done and not (left and self._lanes.queued):
            return 0
        settled, opened = await self._write(lambda connection: self._turn_over(connection, done, left))
        for (handover, _), one in zip(done, settled, strict=True):
            self._counts["attempts"] += len(handover.items)
            self._counts["repeats"] += sum(item.repeat for item in handover.items)
            self._counts["sent"] += one.sent
            self._counts["failed"] += one.failed
        for handover in opened.handovers:
            self._start(handover)
        self._counts["failed"] += len(opened.failures)
        return len(opened.failures) + sum(len(handover.items) for handover in opened.handovers)

    def _turn_over(
        self, connection: Connection, done: Sequence[tuple[Handover, Sent]], left: int
    ) -> tuple[list[Settled], Opened]:
        visit = self._visit()
        settled = settle(connection, visit, self._lanes, done)
        for one in settled:
            for lane, entry in one.next_lanes:
                self._lanes.put(lane, entry)
        queued = self._lanes.take(min(left, MOST_AT_ONCE))
        opened = open_queued(connection, visit, self._lanes, queued) if queued else Opened()
        for _, entry in queued:
            self._lanes.forget(entry)
        for lane, entry in opened.elsewhere:
            self._lanes.put(lane, entry)
        return settled, opened

    def _start(self, handover: Handover) -> None:
        lane = self._lanes.lane(handover.target.channel)
        lane.flying += 1
        self._sending.add(asyncio.create_task(self._send(handover, lane.landed)))

    async def _send(self, handover: Handover, landed: Callable[[], None]) -> tuple[Handover, Sent]:
        sending = in_a_thread(lambda: self._hand_over(handover), landed)
        try:
            return handover, await asyncio.wait_for(sending, LONGEST_SEND_SECONDS)
        except TimeoutError:
            return handover, Sent(False, NO_ANSWER)

    def _hand_over(self, handover: Handover) -> Sent:
        message = self._message(handover)
        try:
            url = address_of(
                handover.target,
                handover.recipient,
                self.settings.desk_url,
                self.environ,
                lambda: self._phone(handover.reporter_id),
            )
        except CannotReach as cannot:
            return Sent(False, cannot.outcome)
        return send(url, message)

    def _message(self, handover: Handover) -> Message:
        items, whose = handover.items, handover.on_behalf_of
        if len(items) > 1:
            lines = [(message_of(item.text), self._signed(item.link), item.repeat) for item in items]
            return render_bundle(lines, whose)
        item = items[0]
        if item.code_nonce is not None:
            code = code_of(self._key, handover.recipient, item.code_nonce)
            return render_sent(message_of(item.text), code, item.repeat, whose, below="code")
        below = BELOW.get(item.link.purpose, "case") if item.link else "case"
        return render_sent(message_of(item.text), self._signed(item.link), item.repeat, whose, below=below)

    def _signed(self, link: Link | None) -> str | None:
        return f"{self.settings.desk_url}{path_of(self._key, link, self.now)}" if link else None

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

    async def _read(self, work: Callable[[Connection], T]) -> T:
        def read() -> T:
            with reading(self.engine) as connection:
                return work(connection)

        return await asyncio.to_thread(read)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def write() -> T:
            with transaction(self.engine) as connection:
                return work(connection)

        return await asyncio.to_thread(write)

    def _visit(self) -> Visit:
        at = self.clock()
        return Visit(self.city, self.messages.reporter_channel, at, self.now + (at - self._began), self.flow_run_id)
