"""Lanes: each channel has its own queue and its own places, so that one that hangs delays no other. In memory only."""

import asyncio
import heapq
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, TypeVar

from models.message_rules import MessageRules

T = TypeVar("T")

LONGEST_QUEUE = 1000
"""Notices a lane keeps in memory; what is beyond waits in the database."""

SILENT_SENDS = 3
"""So many sends without an answer, one after the other, and a channel is left alone for the rest of the run."""


class Entry(NamedTuple):
    """A notice in a queue; the most urgent come first, then the oldest."""

    rank: int
    """0 for an emergency, 1 urgent, 2 routine."""
    notice_id: int
    order: int
    """Contact point of an emergency, which goes to all of them at once; 0 where the next one is tried."""
    address: str
    """Reference of the address it will go to, as far as is known."""

    @property
    def emergency(self) -> bool:
        """Whether every contact point is used side by side."""
        return self.rank == 0


@dataclass
class Lane:
    """One channel during one delivery."""

    places: int
    queue: list[Entry] = field(default_factory=list)
    flying: int = 0
    """Sends whose thread has not ended, also those nobody waits for any more."""
    silent: int = 0
    more: bool = False
    """Whether notices of this lane were left in the database because the queue was full."""

    @property
    def down(self) -> bool:
        """Whether the channel is left alone: it did not answer several times on end."""
        return self.silent >= SILENT_SENDS

    def landed(self) -> None:
        """A send's thread has ended: its place is free."""
        self.flying -= 1

    @property
    def free(self) -> int:
        """Places for more sends."""
        return max(self.places - self.flying, 0)

    def answered(self, answered: bool) -> None:
        """Note whether the channel answered a send at all."""
        self.silent = 0 if answered else self.silent + 1


class Lanes:
    """All lanes of one delivery, and what it knows of addresses and readers that have to wait."""

    def __init__(self, rules: MessageRules) -> None:
        self._rules = rules
        self._lanes: dict[str, Lane] = {}
        self._known: set[tuple[int, int]] = set()
        self.full_until: dict[tuple[str, bool], datetime] = {}
        """(address, whether routine) -> when it takes messages again."""
        self.told_until: dict[str, datetime] = {}
        """Post -> when its next routine message may go out."""

    def lane(self, channel: str) -> Lane:
        """The lane of a channel."""
        if channel not in self._lanes:
            self._lanes[channel] = Lane(self._rules.channel(channel).at_once)
        return self._lanes[channel]

    @property
    def down(self) -> frozenset[str]:
        """The channels that are left alone."""
        return frozenset(code for code, lane in self._lanes.items() if lane.down)

    def put(self, channel: str, entry: Entry) -> None:
        """Queue a notice once; of a full lane it is noted that more waits. Emergencies always find room."""
        lane, key = self.lane(channel), (entry.notice_id, entry.order)
        if key in self._known:
            return
        if len(lane.queue) >= LONGEST_QUEUE and not entry.emergency:
            lane.more = True
            return
        self._known.add(key)
        heapq.heappush(lane.queue, entry)

    def forget(self, entry: Entry) -> None:
        """A notice left its queue; it may be queued again."""
        self._known.discard((entry.notice_id, entry.order))

    def take(self, most: int) -> list[tuple[str, Entry]]:
        """What can be sent now: as many of each lane as it has places, the most urgent first."""
        found: list[tuple[str, Entry]] = []
        for channel, lane in self._lanes.items():
            # Nothing is sent on a channel that is down: its queue is only sent elsewhere, or home.
            places = most if lane.down else lane.free
            while lane.queue and places:
                found.append((channel, heapq.heappop(lane.queue)))
                places -= 1
        found.sort(key=lambda one: one[1])
        for channel, entry in found[most:]:
            heapq.heappush(self._lanes[channel].queue, entry)
        return found[:most]

    def withdraw(self, channel: str, address: str, routine: bool) -> list[Entry]:
        """Take out of a queue what would go to an address that takes nothing for a while."""
        lane = self.lane(channel)
        out = [e for e in lane.queue if e.address == address and (e.rank == 2 or not routine) and not e.emergency]
        gone = set(out)
        lane.queue = [entry for entry in lane.queue if entry not in gone]
        heapq.heapify(lane.queue)
        for entry in out:
            self.forget(entry)
        return out

    def look_anew(self) -> bool:
        """Whether a lane has come to the end of its queue while the database holds more of it; asked once for each."""
        hungry = [lane for lane in self._lanes.values() if lane.more and not lane.queue and lane.free and not lane.down]
        for lane in hungry:
            lane.more = False
        return bool(hungry)

    @property
    def ready(self) -> bool:
        """Whether something is queued on a lane that has a place, or was left in the database for it."""
        lanes = self._lanes.values()
        return any(lane.queue if lane.down else lane.free and (lane.queue or lane.more) for lane in lanes)

    @property
    def queued(self) -> int:
        """How many notices are in the queues."""
        return sum(len(lane.queue) for lane in self._lanes.values())


def in_a_thread(work: Callable[[], T], on_end: Callable[[], None]) -> asyncio.Future[T]:
    """Run a send in a thread of its own that nobody has to wait for, not even the end of the process.

    A pool would make a send that hangs stand in the way of the next, and of the interpreter's exit.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def ended(result: T | None, error: BaseException | None) -> None:
        on_end()
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type] # without an error there is a result

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # whatever it is belongs to the one who waits
            error = raised
        with suppress(RuntimeError):  # the delivery is over and its loop closed: nobody waits any more
            loop.call_soon_threadsafe(ended, result, error)

    threading.Thread(target=run, name="deliver", daemon=True).start()
    return future
