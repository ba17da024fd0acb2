"""From a reading taken in to the first message handed over: a whole `zhihui up`, a server in place of people's phones.

A reading above its threshold is posted to the desk, as a telemetry program does, alone or with others at the same
moment; what counts is the time from before the post to the first message that came about its warning, and to the first
that calls somebody. Some readings lie in a file instead: there it is the time from when the run that takes them in
begins. The schedules run on meanwhile; a message counts when the channel has all of it.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import httpx
from sqlalchemy import select

from models.open311_key import KeyPurpose
from tasks.call_rows import CALLS
from tasks.database import open_database, reading, transaction
from tasks.drop_folder import SETTLED_SECONDS
from tasks.observations import OBSERVATIONS
from tasks.open311_keys import issue_key
from tasks.wake import Waker
from tasks.warnings import WARNINGS
from tasks.water_series import SERIES
from tests.call_cities import CALL_CITY, TOWN
from tests.channel_server import ChannelServer, Posted
from tests.chaos.running_city import RunningCity, running_city
from tests.chaos.story import variable

ALONE, BURST, BURSTS, BY_FILE = 20, 5, 2, 8
"""Readings that come alone; so many come at once, so many times; and those in files, one a file."""

MEAN_GAP_SECONDS = 3.0
P95_SECONDS = 5.0
WITHIN_SECONDS = 120.0

WATER_VISIT = "hydrology/hydrology"


@dataclass(frozen=True, slots=True)
class Taken:
    """One reading that was taken in: when, by the clock of the wall, and of which station."""

    at: float
    station: str


@dataclass(frozen=True, slots=True)
class Came:
    """The seconds from a reading to the first message about its warning, and to the first that calls somebody."""

    first: float
    called: float


class _Phones(ChannelServer):
    """Notes when each message came in."""

    def __init__(self) -> None:
        super().__init__()
        self.came: list[tuple[float, bytes]] = []

    def take(self, posted: Posted) -> str:
        """Note one message."""
        self.came.append((time.time(), posted.content))
        return super().take(posted)

    def first_with(self, *numbers: str) -> float | None:
        """When the first message that names one of these came to anybody; None while none has."""
        wanted = [number.encode() for number in numbers]
        return next((at for at, said in self.came if any(number in said for number in wanted)), None)


def run() -> Iterator[str]:
    """Lines: seconds from a reading to its first message, of those alone, of those that come together, from files."""
    yield f"to reach                   p95 {P95_SECONDS:5.2f} s"
    with tempfile.TemporaryDirectory() as folder, _phones() as phones:
        url = f"sqlite:///{Path(folder) / 'city.db'}"
        open_database(url).dispose()
        with running_city(url, Path(folder) / "up", phones, _documents()) as city:
            alone, together = _post_all(city, phones)
            files = _lay_files(city, phones)
    yield _line("posted, alone", [one.first for one in alone])
    yield _line(f"posted, {BURST} at once", [one.first for one in together])
    yield _line("posted, all", [one.first for one in alone + together])
    yield _line("alone, first call", [one.called for one in alone])
    yield _line(f"{BURST} at once, first call", [one.called for one in together])
    yield _line("by file, first call", [one.called for one in files])
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
    """The call city with a gauge a reading, where everybody is reached by two channels, as a real one is."""
    posts = [line.split(",")[0] for line in CALL_CITY["posts.csv"].splitlines()[1:]]
    lines = ["post,order,channel,address"]
    for code in posts:
        lines += [f"{code},1,json,env:{variable(code, 1)}", f"{code},2,sms,env:{variable(code, 2)}"]
    stations = [
        "code,name,kind,river,area,elements,longitude,latitude,silent_after,stuck_after,plausible,most_change,placeholder"
    ]
    thresholds = ["station,code,name,element,kind,window,value,clears_at,lasts,severity,hazard,calls,days,placeholder"]
    for number in range(ALONE + BURST * BURSTS + BY_FILE):
        stations.append(f"{_gauge(number)},{_gauge(number)},river,,{TOWN},level,,,2 day,,,,yes")
        thresholds.append(f"{_gauge(number)},stage,保证水位,level,level,,108,107.8,,red,flood,yes,,yes")
    tables = {"contact_points.csv": lines, "stations.csv": stations, "thresholds.csv": thresholds}
    return {**CALL_CITY, **{name: "\n".join(rows) + "\n" for name, rows in tables.items()}}


def _gauge(number: int) -> str:
    return f"gauge-{number}"


def _post_all(city: RunningCity, phones: _Phones) -> tuple[list[Came], list[Came]]:
    """Post one reading a gauge: those that come together first, then those that come alone."""
    with transaction(city.engine) as connection:
        key = issue_key(connection, "bench", "admin", datetime.now(UTC), KeyPurpose.WATER)
    dice, headers = Random(7), {"Authorization": f"Bearer {key}"}
    base = f"http://127.0.0.1:{city.settings.desk_port}"
    gauges = [_gauge(number) for number in range(ALONE + BURST * BURSTS)]
    alone, together = list[Taken](), list[Taken]()
    with (
        httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=WITHIN_SECONDS) as telemetry,
        ThreadPoolExecutor(BURST) as programs,
    ):
        for burst in range(BURSTS):
            mine = gauges[burst * BURST : (burst + 1) * BURST]
            together += programs.map(lambda gauge: _post(telemetry, gauge), mine)
            time.sleep(dice.expovariate(1 / MEAN_GAP_SECONDS))
        for gauge in gauges[BURST * BURSTS :]:
            alone.append(_post(telemetry, gauge))
            time.sleep(dice.expovariate(1 / MEAN_GAP_SECONDS))
    return [_came(city, phones, one) for one in alone], [_came(city, phones, one) for one in together]


def _post(telemetry: httpx.Client, gauge: str) -> Taken:
    now, at = datetime.now(UTC), time.time()
    one = {"station": gauge, "element": "level", "at": now.isoformat(timespec="seconds"), "value": 108.5}
    telemetry.post("/water/observations", json={"observations": [one]}).raise_for_status()
    return Taken(at, gauge)


def _lay_files(city: RunningCity, phones: _Phones) -> list[Came]:
    """A file a reading, each with the run that takes it in, as the schedule starts one every minute of the season."""
    waker = Waker(city.settings, deployment=WATER_VISIT)
    city.settings.readings_folder.mkdir(exist_ok=True)
    first = ALONE + BURST * BURSTS
    try:
        return [_lay_file(city, phones, waker, _gauge(number)) for number in range(first, first + BY_FILE)]
    finally:
        waker.close()


def _lay_file(city: RunningCity, phones: _Phones, waker: Waker, gauge: str) -> Came:
    now = datetime.now(UTC)
    part = city.settings.readings_folder / f"{gauge}.csv.part"
    part.write_text(f"station,element,at,value\n{gauge},level,{now.isoformat(timespec='seconds')},108.5\n")
    laid = part.rename(part.with_suffix(""))
    lain = (now - timedelta(seconds=2 * SETTLED_SECONDS)).timestamp()
    os.utime(laid, (lain, lain))
    waker.wake(now)
    at = city.wait(f"reading of {gauge}", lambda: _taken_at(city, gauge), WITHIN_SECONDS)
    return _came(city, phones, Taken(at, gauge))


def _taken_at(city: RunningCity, gauge: str) -> float | None:
    """When the visit that took in the reading of a gauge began."""
    asked = select(OBSERVATIONS.c.received_at).join(SERIES, SERIES.c.id == OBSERVATIONS.c.series_id)
    with reading(city.engine) as connection:
        found = connection.scalar(asked.where(SERIES.c.station == gauge))
    return None if found is None else found.timestamp()


def _came(city: RunningCity, phones: _Phones, taken: Taken) -> Came:
    """The seconds to the first messages about the warning that a reading raised."""
    warned = select(WARNINGS.c.number, CALLS.c.number.label("call")).join(CALLS, CALLS.c.warning == WARNINGS.c.number)

    def found() -> Came | None:
        with reading(city.engine) as connection:
            row = connection.execute(warned.where(WARNINGS.c.station == taken.station)).first()
        called = phones.first_with(row.call) if row else None
        first = phones.first_with(row.call, row.number) if row else None
        return None if called is None or first is None else Came(first - taken.at, called - taken.at)

    return city.wait(f"first message about {taken.station}", found, WITHIN_SECONDS)


def _line(which: str, seconds: Sequence[float]) -> str:
    p95 = statistics.quantiles(seconds, n=20, method="inclusive")[-1]
    return (
        f"{which:22}   p50 {statistics.median(seconds):5.2f} s   p95 {p95:5.2f} s   slowest {max(seconds):5.2f} s"
        f"   {len(seconds)} readings"
    )
