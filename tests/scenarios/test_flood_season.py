"""A flood season from its first shift to its last, with real water: nothing lost, late unseen or silent."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine, Table, event, func, select

from models.call import Call, CallTarget, CallWarning
from models.city import City
from models.duty import DutyAssignment, DutyHandover, DutyShift, SpotCheck
from models.flood_event import FloodEvent
from models.flood_response import Consultation, ResponseDecision
from models.info_report import ReportOwed
from models.notice import Notice, NoticeState
from models.spot_checks import day_seed
from models.tables import table_of
from tasks.database import open_database, reading
from tasks.duty_shifts import shift_on
from tasks.flood_events import broken_stream
from tasks.response_rows import in_force_at
from tasks.spot_check_days import seal_of
from tasks.spot_check_proof import prove_days
from tasks.spot_checks import planned_of
from tasks.warning_rows import WARNINGS
from tasks.water_intake import take_rows
from tasks.water_sources import source_in_force
from tests.flood_cities import DUTY_YAML
from tests.real_waters import STATION_COLUMNS, THRESHOLD_COLUMNS, RealWater, Span, spans_by_pandas
from tests.replayed import DATA, real_file
from tests.scenarios.people import People
from tests.scenarios.season import KEY, Process, Season
from tests.season_cities import SEASON_CITY
from tests.stored_cases import a_loaded_city, rows_of

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Visit = tuple[datetime, tuple[Process, ...]]

P = Process

VISITS: Mapping[str, tuple[Process, ...]] = {
    "07:10": (P.FLOOD_WATCH,),  # the morning's reports are owed
    "07:45": (),
    "08:00": (P.SHIFT,),
    "08:05": (P.HYDROLOGY, P.CALLS, P.FLOOD_WATCH),  # the morning's readings
    "08:12": (P.DUTY_WATCH,),
    "08:16": (P.DUTY_WATCH,),
    "08:31": (P.DUTY_WATCH, P.FLOOD_WATCH),
    "08:55": (P.DUTY_WATCH,),
    "10:05": (P.FLOOD_WATCH,),
    "15:10": (P.FLOOD_WATCH,),
    "15:45": (P.REMINDERS,),
    "16:35": (P.FLOOD_WATCH, P.REMINDERS),
    "18:05": (P.FLOOD_WATCH,),
    "20:00": (P.DUTY_WATCH,),
}
"""Which processes have something to do on a quiet day, and when. An empty visit: people do something."""

BY_THE_CLOCK = ("07:10", "08:05", "15:10", "20:00")
"""Then something begins without anything being due before."""

AT_A_CHECK, WITH_READINGS = (P.DUTY_WATCH,), (P.HYDROLOGY, P.CALLS, P.FLOOD_WATCH)

TABLES = tuple(
    table_of(model)
    for model in (
        *(DutyShift, DutyAssignment, DutyHandover, SpotCheck, Call, CallTarget),
        *(Consultation, ResponseDecision, ReportOwed, Notice, FloodEvent),
    )
)


@dataclass(frozen=True)
class Year:
    """A real flood: its file, the stations and made-up thresholds, and the days that are told."""

    source: str
    file: str
    zone: str
    first: str
    last: str
    season: str
    stations: tuple[str, ...]
    thresholds: tuple[str, ...]


AREA = "410184101"

YELLOW_RIVER = Year(
    "yellow_river_daily",
    "yellow_river_daily_2021_jun_nov.csv",
    "Asia/Shanghai",
    "2021-05-15",
    "2021-10-31",
    'extended_until: ["2021-10-31"]\n',
    tuple(
        f"{name},{name},river,黄河,{AREA},level;flow;storage,,,30 hour,,,,"
        for name in ("花园口", "潼关", "小浪底上蓄水量")
    ),
    (
        "花园口,flow_4000,流量四千,flow,level,,4000,3800,,orange,flood,,,",
        "花园口,warning_stage,警戒水位,level,level,,90.5,90.3,2 day,yellow,flood,,,",
        "潼关,flow_5000,流量五千,flow,level,,5000,5000,,orange,flood,,,",
        "小浪底上蓄水量,flood_limit,汛限水位,level,level,,248,247.5,,orange,flood,yes,,",
        "小浪底上蓄水量,guaranteed_stage,设计水位,level,level,,272,271,,red,flood,yes,,",
        "小浪底上蓄水量,low_storage,蓄水不足,storage,below,,80000,90000,,yellow,drought,,,",
    ),
)

NHAT_LE = Year(
    "nhatle_hourly",
    "nhatle_hourly_rain_stage_2020.csv",
    "Asia/Ho_Chi_Minh",
    "2020-10-05",
    "2020-10-25",
    'extended_until: ["2020-10-25"]\n',
    tuple(f"{name},{name},river,,{AREA},level;flow;rain,,,3 hour,,,," for name in ("kien-giang", "le-thuy")),
    (
        "le-thuy,warning_stage,警戒水位,level,level,,1.2,1,2 hour,yellow,flood,,,",
        "le-thuy,guaranteed_stage,保证水位,level,level,,2.7,2.5,,red,flood,yes,,",
        "le-thuy,rain_50_in_3h,3小时50毫米,rain,rain_sum,3 hour,50,45,,orange,flood,,,",
        "kien-giang,rain_100_in_3h,3小时100毫米,rain,rain_sum,3 hour,100,90,,red,flood,yes,,",
    ),
)


def city_of(year: Year) -> Mapping[str, str]:
    """The whole city beside the waters of a year."""
    return {
        **SEASON_CITY,
        "stations.csv": STATION_COLUMNS + "".join(f"{line}\n" for line in year.stations),
        "thresholds.csv": THRESHOLD_COLUMNS + "".join(f"{line}\n" for line in year.thresholds),
        "water.yaml": "trend: 3 hour\n",
        "duty.yaml": DUTY_YAML + year.season,
    }


@pytest.fixture(scope="module", params=[YELLOW_RIVER, NHAT_LE], ids=["yellow river 2021", "nhat le 2020"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator["Told"]:
    """A year told to its end, once for all tests of this file."""
    year: Year = request.param
    path = real_file(year.file)
    file = shutil.copyfile(sqlite_template, tmp_path_factory.mktemp("season") / "season.db")
    engine = open_database(f"sqlite:///{file}", migrate=False)
    # What a test wrote need not survive a power cut: the story commits ten thousand times.
    event.listen(engine, "connect", lambda driver, _: driver.execute("PRAGMA synchronous = OFF"))
    engine.dispose()
    city = a_loaded_city(engine, dict(city_of(year)))
    yield Told(year, engine, city, RealWater(city, source_in_force(city, year.source), path)).tell()
    engine.dispose()


@dataclass
class Told:
    """A season that was told, to be looked at."""

    year: Year
    engine: Engine
    city: City
    water: RealWater

    _fixed: set[datetime] = field(default_factory=set)
    """When the checks of the day are asked."""

    def tell(self) -> "Told":
        """Every day of it, with people who do what people do."""
        self.season = Season(self.engine, self.city)
        people, first = People(self.season), self._midnight(self.year.first)
        self.season.roster(first - 5 * DAY)
        readings = self._readings()
        for now, processes in self._moments(first, self._midnight(self.year.last) + DAY + time_of(9)):
            self._take_readings(readings, now)
            self.season.visit(now, processes)
            people.act(now, processes)
            self._write_log(people, now)
            self.last = now
        return self

    def _midnight(self, day: str) -> datetime:
        return datetime.fromisoformat(day).replace(tzinfo=self.city.zone)

    def _readings(self) -> list[tuple[datetime, Any]]:
        since, until = self._midnight(self.year.first), self._midnight(self.year.last) + DAY
        visits = self.water.visits(timedelta(hours=1) if self.year is NHAT_LE else DAY)
        return [(now, rows) for now, rows in visits if since <= now < until]

    def _take_readings(self, readings: list[tuple[datetime, Any]], now: datetime) -> None:
        while readings and readings[0][0] <= now:
            _, rows = readings.pop(0)
            take_rows(self.engine, self.city, self.water.source, rows, "replay", now)

    def _moments(self, first: datetime, last: datetime) -> Iterator[Visit]:
        """The visits of quiet days, those of spot checks, and each minute while people are called or must decide."""
        now, processes, planned = first + time_of(7, 10), VISITS["07:10"], list[Visit]()
        while now <= last:
            yield now, processes
            # What makes it hot comes of these two processes.
            if (P.CALLS in processes or P.FLOOD_WATCH in processes) and self.season.hot(now):
                now = now + MINUTE
                processes = self._in_a_storm(now)
                continue
            now, processes = self._next(now, planned)

    def _next(self, now: datetime, planned: list[Visit]) -> Visit:
        """The next visit planned in which something is due."""
        while True:
            if not planned:
                planned += self._planned(now)
            at, processes = planned.pop(0)
            if at <= now:
                continue
            now = at
            if self._must_come(at) or not self.season.nothing_due(at, processes):
                return at, processes

    def _must_come(self, now: datetime) -> bool:
        """Whether something begins by the clock alone: reports are owed, a day is sealed, a check is asked."""
        return now in self._fixed or f"{self._local(now):%H:%M}" in BY_THE_CLOCK

    def _in_a_storm(self, now: datetime) -> tuple[Process, ...]:
        """Calls each minute, the duty room every second one, everything else every third."""
        local = self._local(now)
        if (local.hour, local.minute) == (8, 0):
            return tuple(Process)
        second, third = local.minute % 2 == 0, local.minute % 3 == 0
        return P.CALLS, *((P.DUTY_WATCH,) if second else ()), *((P.HYDROLOGY, P.FLOOD_WATCH) if third else ())

    def _local(self, now: datetime) -> datetime:
        return now.astimezone(self.city.zone)

    def _planned(self, now: datetime) -> list[Visit]:
        """The visits to come of this day, or of the next where this one is over."""
        midnight = self._local(now).replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight, midnight + DAY):
            visits = [(day + clock(at), processes) for at, processes in VISITS.items()]
            with reading(self.engine) as connection:
                every = 1 if self.year is NHAT_LE else 6 if in_force_at(connection, now) else 24
                hourly = WITH_READINGS if self.year is NHAT_LE else (P.FLOOD_WATCH,)
                visits += [(day + time_of(hour, 5), hourly) for hour in range(every % 24, 24, every) if hour != 8]
                seal = seal_of(connection, self.city, day.date())
            if seal is not None:
                checks = planned_of(day_seed(KEY, self.city.code, day.date()), seal, self.city)
                self._fixed = {check.at for check in checks}
                for check in checks:
                    visits += [(check.at, AT_A_CHECK), (check.at + 4 * MINUTE, AT_A_CHECK)]
            to_come = sorted((visit for visit in visits if visit[0] > now), key=lambda visit: visit[0])
            if to_come:
                return to_come
        raise LookupError("a day without a visit")

    def _write_log(self, people: People, now: datetime) -> None:
        local = now.astimezone(self.city.zone)
        if (local.hour, local.minute) != (20, 0):
            return
        with reading(self.engine) as connection:
            shift = shift_on(connection, self.city, now)
        if shift is not None and any(stand.signed_in_at for stand in shift.stands):
            people.writes_log(shift, now)

    def rows(self, table: Table | type[Any]) -> list[Any]:
        """All rows of a table."""
        found = table if isinstance(table, Table) else table_of(table)
        return rows_of(self.engine, select(found).order_by(found.c.id))

    def began(self) -> list[Any]:
        """The shifts whose time has come."""
        return [row for row in self.rows(DutyShift) if row.published and self.water_began <= row.starts_at <= self.last]

    @property
    def water_began(self) -> datetime:
        """The first day that was told."""
        return self._midnight(self.year.first)


def clock(text: str) -> timedelta:
    """A time of the day since midnight."""
    at = time.fromisoformat(text)
    return time_of(at.hour, at.minute)


def time_of(hour: int, minute: int = 0) -> timedelta:
    """Since midnight."""
    return timedelta(hours=hour, minutes=minute)


def test_every_shift_was_opened_and_handed_over(told: Told) -> None:
    shifts = told.began()
    assert len(shifts) >= 20
    late = [row.code for row in shifts if row.opened_at is None or row.opened_at != row.starts_at]
    assert late == []
    handovers = {row.shift_id: row for row in told.rows(DutyHandover)}
    closed = [row for row in shifts if row.state == "closed"]
    assert len(closed) >= len(shifts) - 1
    open_ended = [
        row.code for row in closed if handovers[row.id].accepted_at is None and handovers[row.id].next_shift_id
    ]
    assert len(open_ended) <= len(closed) // 50, open_ended


def test_every_place_was_filled_or_recorded_vacant_after_the_ladder(told: Told) -> None:
    by_shift = {row.id: row for row in told.began()}
    stands = [row for row in told.rows(DutyAssignment) if row.shift_id in by_shift]
    silent = [row for row in stands if row.signed_in_at is None and row.vacant_at is None]
    assert silent == []
    instead = [row for row in stands if row.signed_in_by not in (None, row.post)]
    vacant = [row for row in stands if row.vacant_at is not None]
    assert len(instead) + len(vacant) < len(stands) / 8
    assert told.year is NHAT_LE or (instead and vacant)


def test_every_crossing_was_found_and_no_other(told: Told) -> None:
    columns = (WARNINGS.c[name] for name in ("station", "threshold", "raised_at", "ended_at"))
    with reading(told.engine) as connection:
        found = sorted(tuple(row) for row in connection.execute(select(*columns)))
    expected = by_pandas(told)
    assert len(expected) >= 5
    assert found == expected


def test_every_warning_that_calls_woke_people_until_they_answered(told: Told) -> None:
    calling = [row for row in told.rows(WARNINGS) if row.calls]
    calls = {row.id: row for row in told.rows(Call)}
    assert calling
    assert {row.number for row in calling} == {row.warning for row in told.rows(CallWarning)}
    targets: dict[int, list[Any]] = {}
    for row in told.rows(CallTarget):
        targets.setdefault(row.call_id, []).append(row)
    for call in calls.values():
        waiting = [
            row for row in targets[call.id] if row.told_at and row.answered_at is None and row.state != "passed_on"
        ]
        assert call.ended_at is not None or any(row.climbs_at for row in waiting), call.number
    answered = [row for rows in targets.values() for row in rows if row.answered_at is not None]
    assert answered


def test_every_suggested_level_was_decided_or_lapsed_and_what_is_in_force_was_signed(told: Told) -> None:
    consultations = told.rows(Consultation)
    assert Counter(row.state for row in consultations)["open"] <= 1
    decisions = {row.consultation: row for row in told.rows(ResponseDecision)}
    assert {row.number for row in consultations if row.state == "decided"} == set(decisions)
    assert len(decisions) >= 2
    assert all(row.signed_by == "leader" and row.basis for row in decisions.values())
    patience = max(
        row.at - one.opened_at for row in decisions.values() for one in consultations if one.number == row.consultation
    )
    assert patience < timedelta(hours=1)


def test_every_report_was_given_or_recorded_late_or_missing(told: Told) -> None:
    owed = told.rows(ReportOwed)
    assert len(owed) > 30
    overdue = [row.key for row in owed if row.state == "owed" and row.due_at < told.last - timedelta(minutes=30)]
    assert overdue == []
    states = Counter(row.state for row in owed)
    assert states["given"] > 0.8 * len(owed), states
    assert states["missing"]


def test_every_spot_check_can_be_proved_unpredictable_and_unaltered(told: Told) -> None:
    checks = told.rows(SpotCheck)
    days = sorted({row.day for row in checks})[1:-2]
    assert len(days) >= 10
    with reading(told.engine) as connection:
        proofs = prove_days(connection, told.city, days, told.last)
    assert [(proof.day, proof.problems) for proof in proofs if not proof.proved] == []


def test_nothing_waits_untold_and_the_chain_is_whole(told: Told) -> None:
    states = Counter(row.state for row in told.rows(Notice))
    assert states[NoticeState.WAITING.value] == states[NoticeState.FAILED.value] == 0
    with reading(told.engine) as connection:
        assert broken_stream(connection) is None
        assert (connection.scalar(select(func.count()).select_from(table_of(FloodEvent))) or 0) > 500


def test_the_last_visit_once_more_changes_nothing(told: Told) -> None:
    before = {table.name: told.rows(table) for table in TABLES}
    told.season.visit(told.last)
    assert {table.name: told.rows(table) for table in TABLES} == before


def by_pandas(told: Told) -> list[Span]:
    """The crossings of the days that were told, by a computation that shares no line with ours."""
    found: list[Span] = []
    for threshold in told.city.water.thresholds:
        values = series_of(told, threshold.station, threshold.element.value)
        found += spans_by_pandas(threshold, values, told.city.water.stations[threshold.station].silent_after)
    return sorted(found)


def series_of(told: Told, station: str, element: str) -> "pd.Series[float]":
    """The readings of one station that were taken in, as pandas reads them from the file."""
    frame = pd.read_csv(DATA / told.year.file)
    if told.year is YELLOW_RIVER:
        frame = frame[frame["station"] == station]
        column, factor = {"level": ("water_level_m", 1), "flow": ("flow_m3s", 1), "storage": ("storage_1e8m3", 10_000)}[
            element
        ]
        times, values = pd.to_datetime(frame["date"]) + pd.Timedelta("8h"), frame[column] * factor
    else:
        name = {"kien-giang": "KienGiang", "le-thuy": "LeThuy"}[station]
        times, values = pd.to_datetime(frame["time"]), frame[f"rain_{name}_mm" if element == "rain" else f"{name}_H_m"]
    index = pd.DatetimeIndex(times).tz_localize(told.year.zone).tz_convert("UTC")
    series = pd.Series(values.round(9).to_numpy(float), index).sort_index().dropna()
    return series[(series.index >= told.water_began) & (series.index <= told.last)]
