"""From a tap to the next person's message: a whole `zhihui up`, with a real server in the place of people's phones.

A tap is what `zhihui act` and the desk do: an action into the inbox, and a visit woken. A message counts when the
channel has all of it. The schedules run on meanwhile; some taps come alone at uneven times, some several at once.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select

from models.vocabulary import State
from tasks.case_store import CASES
from tasks.database import open_database
from tasks.wake import Waker
from tests.channel_server import ChannelServer, Posted
from tests.chaos.running_city import RunningCity, running_city
from tests.stored_cases import acts, rows_of, states

TAPPED = 30
"""Cases; each is tapped twice."""

BURST, BURSTS = 6, 2
"""Of the taps of one round, so many come at once, so many times; the others come alone."""

MEAN_GAP_SECONDS, GAP_IN_A_BURST_SECONDS = 2.0, 0.05

P50_SECONDS, P95_SECONDS = 1.5, 4.0
WITHIN_SECONDS = 180.0


@dataclass(frozen=True, slots=True)
class Round:
    """What is tapped on every case, and how the post is called that must hear of it."""

    action: str
    by: str | None
    """A post; None is the inspector of the case."""
    next: str
    facts: Mapping[str, str]


ROUNDS = (
    Round("report_handled", "lihe-liaison", "inspector", {}),
    Round("check", None, "lihe-liaison", {"result": "failed", "reason": "未修好"}),
)


@dataclass(frozen=True, slots=True)
class Tap:
    """One tap: when, on which case, and whether among others."""

    at: float
    case: str
    in_burst: bool


class _Phones(ChannelServer):
    """Notes when each message came in."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, str, bytes]] = []

    def take(self, posted: Posted) -> str:
        """Note one message."""
        self.came.append((time.monotonic(), posted.path, posted.content))
        return super().take(posted)

    def seconds_to(self, post: str, tap: Tap) -> float | None:
        """The seconds until the first message about a tapped case came to a post; None while it has not."""
        found = (at for at, path, said in self.came if at > tap.at and f"/{post}" in path and tap.case.encode() in said)
        came = next(found, None)
        return None if came is None else came - tap.at


def run() -> Iterator[str]:
    """Lines: seconds from a tap to the next person's message, of those alone, of those in bursts, and of all."""
    with tempfile.TemporaryDirectory() as folder, _phones() as phones:
        url = f"sqlite:///{Path(folder) / 'city.db'}"
        open_database(url).dispose()
        with running_city(url, Path(folder) / "up", phones) as city:
            _bring_cases_to_their_unit(city)
            taken = [one for each in ROUNDS for one in _tap_all(city, phones, each)]
    yield _line("alone", [seconds for tap, seconds in taken if not tap.in_burst])
    yield _line(f"{BURST} at once", [seconds for tap, seconds in taken if tap.in_burst])
    yield _line("all", [seconds for _, seconds in taken])
    yield f"to reach       p50 {P50_SECONDS:5.2f} s   p95 {P95_SECONDS:5.2f} s"
    yield f"of {os.cpu_count()} cores, so many were wanted in the last 5 minutes: {os.getloadavg()[1]:.1f}"


@contextmanager
def _phones() -> Iterator[_Phones]:
    phones = _Phones()
    phones.start()
    try:
        yield phones
    finally:
        phones.stop()


@contextmanager
def _waker(city: RunningCity) -> Iterator[Waker]:
    waker = Waker(city.settings)
    try:
        yield waker
    finally:
        waker.close()


def _bring_cases_to_their_unit(city: RunningCity) -> None:
    city.new_reports(TAPPED)
    with _waker(city) as waker:
        waker.wake(datetime.now(UTC))
        city.wait("cases at their unit", lambda: states(city.engine) == {State.DISPATCHED: TAPPED}, WITHIN_SECONDS)
        city.people_act()
        waker.wake(datetime.now(UTC))
        city.wait("cases in hand", lambda: states(city.engine) == {State.HANDLING: TAPPED}, WITHIN_SECONDS)


def _tap_all(city: RunningCity, phones: _Phones, asked: Round) -> list[tuple[Tap, float]]:
    """Tap on every case, then wait for every message: the tap, and the seconds it took."""

    def seconds_of(tap: Tap) -> float:
        what = f"message about {tap.case} to {asked.next}"
        return city.wait(what, lambda: phones.seconds_to(asked.next, tap), WITHIN_SECONDS)

    with _waker(city) as waker, ThreadPoolExecutor(BURST) as people:
        begun = list(_tapping(city, waker, asked, people))
        return [(tap, seconds_of(tap)) for tap in (each.result() for each in begun)]


def _tapping(city: RunningCity, waker: Waker, asked: Round, people: ThreadPoolExecutor) -> Iterator[Future[Tap]]:
    """Each tap as it begins: none waits until another has woken a visit."""
    cases = rows_of(city.engine, select(CASES.c.number, CASES.c.inspector).order_by(CASES.c.id))
    dice = Random(asked.action)
    for number, row in enumerate(cases):
        in_burst = number < BURST * BURSTS
        alone = number % BURST == 0 or not in_burst
        time.sleep(dice.expovariate(1 / MEAN_GAP_SECONDS) if alone else GAP_IN_A_BURST_SECONDS)
        yield people.submit(_tap, city, waker, asked, row, in_burst)


def _tap(city: RunningCity, waker: Waker, asked: Round, case: Any, in_burst: bool) -> Tap:
    now, at = datetime.now(UTC), time.monotonic()
    acts(city.engine, city.city, [case.number], asked.action, asked.by or case.inspector, now, **asked.facts)
    waker.wake(datetime.now(UTC))
    return Tap(at, case.number, in_burst)


def _line(which: str, seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return (
        f"{which:12}   p50 {statistics.median(seconds):5.2f} s   p95 {p95:5.2f} s   slowest {max(seconds):5.2f} s"
        f"   {len(seconds)} taps"
    )
