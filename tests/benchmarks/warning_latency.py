"""From a warning taken in to the first message handed over, with a server in place of people's phones.

The warning and its call are rows of one transaction. Where the run that took the reading in sends the messages itself,
they go out from there; otherwise, as after `zhihui call start`, a visit of a whole `zhihui up` is woken for them. A
message counts when the channel has all of it. Schedules run on meanwhile; some warnings come alone, some together.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import Engine

from models.city import City
from models.flood_event import Recording
from models.flood_warning import Hazard, Severity, WarningSource
from tasks.call_sending import deliver_calls
from tasks.calls import start_calls_for_warnings
from tasks.database import open_database, transaction
from tasks.settings import Settings
from tasks.wake import CALL_VISIT, Waker
from tasks.warnings import Raising, raise_warning
from tests.call_cities import CALL_CITY, TOWN
from tests.channel_server import ChannelServer, Posted
from tests.chaos.running_city import RunningCity, running_city
from tests.chaos.story import addresses, variable
from tests.stored_cases import a_loaded_city

WARNINGS, BURST, BURSTS = 30, 5, 2
"""So many warnings; of these so many come at once, so many times."""

MEAN_GAP_SECONDS = 3.0
P95_SECONDS = 5.0
WITHIN_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Raised:
    """One warning: when it was taken in, its call, and whether others came with it."""

    at: float
    call: str
    in_burst: bool


class _Phones(ChannelServer):
    """Notes when each message came in."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, bytes]] = []

    def take(self, posted: Posted) -> str:
        """Note one message."""
        self.came.append((time.monotonic(), posted.content))
        return super().take(posted)

    def seconds_to(self, raised: Raised) -> float | None:
        """The seconds until the first message of a call came to anybody; None while it has not."""
        found = (at for at, said in self.came if raised.call.encode() in said)
        came = next(found, None)
        return None if came is None else came - raised.at


def run() -> Iterator[str]:
    """Lines: seconds from a warning to its first message, of those alone, of those that come together, and of all."""
    yield f"to reach               p95 {P95_SECONDS:5.2f} s"
    with tempfile.TemporaryDirectory() as folder, _phones() as phones:
        yield _line("sent by the same run", _in_one_process(Path(folder), phones))
    with tempfile.TemporaryDirectory() as folder, _phones() as phones:
        url = f"sqlite:///{Path(folder) / 'city.db'}"
        open_database(url).dispose()
        with running_city(url, Path(folder) / "up", phones, _documents()) as city:
            taken = _raise_all(city, phones)
    yield _line("woken, alone", [seconds for raised, seconds in taken if not raised.in_burst])
    yield _line(f"woken, {BURST} at once", [seconds for raised, seconds in taken if raised.in_burst])
    yield _line("woken, all", [seconds for _, seconds in taken])
    yield f"of {os.cpu_count()} cores, so many were wanted in the last 5 minutes: {os.getloadavg()[1]:.1f}"


@contextmanager
def _phones() -> Iterator[_Phones]:
    phones = _Phones()
    phones.start()
    try:
        yield phones
    finally:
        phones.stop()


def _documents() -> dict[str, str]:
    """The call city, where everybody is reached by two channels, as a real one is."""
    posts = [line.split(",")[0] for line in CALL_CITY["posts.csv"].splitlines()[1:]]
    lines = ["post,order,channel,address"]
    for code in posts:
        lines += [f"{code},1,json,env:{variable(code, 1)}", f"{code},2,sms,env:{variable(code, 2)}"]
    return {**CALL_CITY, "contact_points.csv": "\n".join(lines) + "\n"}


def _in_one_process(folder: Path, phones: _Phones) -> list[float]:
    """The seconds to the first message where whoever raised the warning sends what it calls for."""
    engine = open_database(f"sqlite:///{folder / 'city.db'}")
    city = a_loaded_city(engine, _documents())
    os.environ.update(addresses(city, phones.url))
    raised = []
    for number in range(WARNINGS):
        raised.append(_written(engine, city, f"alone-{number}", in_burst=False))
        asyncio.run(deliver_calls(engine, city, Settings(home=folder), datetime.now(UTC)))
    engine.dispose()
    return [seconds for one in raised if (seconds := phones.seconds_to(one)) is not None]


def _raise_all(city: RunningCity, phones: _Phones) -> list[tuple[Raised, float]]:
    dice, raised, waker = Random(7), list[Raised](), Waker(city.settings, deployment=CALL_VISIT)
    try:
        for burst in range(BURSTS):
            raised += [_raise(city, waker, f"burst-{burst}-{n}", in_burst=True) for n in range(BURST)]
            time.sleep(dice.expovariate(1 / MEAN_GAP_SECONDS))
        for number in range(WARNINGS - BURST * BURSTS):
            raised.append(_raise(city, waker, f"alone-{number}", in_burst=False))
            time.sleep(dice.expovariate(1 / MEAN_GAP_SECONDS))
        city.wait(
            "every first message", lambda: all(phones.seconds_to(one) is not None for one in raised), WITHIN_SECONDS
        )
    finally:
        waker.close()
    return [(one, seconds) for one in raised if (seconds := phones.seconds_to(one)) is not None]


def _raise(city: RunningCity, waker: Waker, subject: str, *, in_burst: bool) -> Raised:
    raised = _written(city.engine, city.city, subject, in_burst=in_burst)
    waker.wake(datetime.now(UTC))
    return raised


def _written(engine: Engine, city: City, subject: str, *, in_burst: bool) -> Raised:
    """A warning with its call, in one transaction."""
    now, at = datetime.now(UTC), time.monotonic()
    raising = Raising(
        Hazard.FLOOD, WarningSource.THRESHOLD, Severity.RED, subject, TOWN, now, station="reservoir-a", calls=True
    )
    recording = Recording(now, "desk", city.edition)
    with transaction(engine) as connection:
        raise_warning(connection, city, raising, recording, "rule:threshold")
        (started,) = start_calls_for_warnings(connection, city, now, recording)
    return Raised(at, started.number, in_burst)


def _line(which: str, seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20)[-1]
    return (
        f"{which:20}   p50 {statistics.median(seconds):5.2f} s   p95 {p95:5.2f} s   slowest {max(seconds):5.2f} s"
        f"   {len(seconds)} warnings"
    )
