"""A crossing raises one warning with its evidence, told to whoever is on duty; it ends with evidence, or is undone."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select

from models.city import City
from models.duty import DutyAssignment, DutyRoster, DutyShift
from models.flood_event import Recording
from models.flood_warning import Hazard
from models.notice import Notice
from models.tables import table_of
from models.water import Element
from models.water_source import MappedReading
from tasks.database import reading, transaction
from tasks.flood_events import broken_stream, read_events
from tasks.judging import Judged, judge_waiting
from tasks.observations import take_observations
from tasks.silent_stations import tell_silent
from tasks.warnings import RaisedWarning, open_warnings, warning_numbered, warnings_since
from tests.replayed import at
from tests.water_cities import THRESHOLDS, a_water_city

NOW = at("2021-07-20 08:00")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NOTICES = table_of(Notice)


@pytest.fixture
def city() -> City:
    return a_water_city()


def take(engine: Engine, city: City, station: str, hours: float, value: float, element: Element | None = None) -> None:
    one = MappedReading(station, element or city.water.stations[station].elements[0], NOW + hours * HOUR, value)
    with transaction(engine) as connection:
        take_observations(connection, city, [one], "native", max(NOW + hours * HOUR, NOW))


def judge(engine: Engine, city: City, hours: float = 0) -> Judged:
    return judge_waiting(engine, city, Recording(NOW + hours * HOUR, "flow", city.edition))


def on_duty(connection: Connection, *posts: str) -> None:
    """An open shift with these posts."""
    roster = DutyRoster(
        code="ZB", first_day=NOW.date(), last_day=NOW.date(), made_by="admin", made_at=NOW, solver="plain"
    )
    (roster_id,) = connection.execute(
        insert(table_of(DutyRoster)).returning(table_of(DutyRoster).c.id), roster.model_dump(exclude={"id"})
    ).one()
    shift = DutyShift(
        roster_id=roster_id,
        code="s",
        starts_at=NOW - HOUR,
        ends_at=NOW + DAY,
        night=True,
        holiday=False,
        published=True,
        state="open",
    )
    (shift_id,) = connection.execute(
        insert(table_of(DutyShift)).returning(table_of(DutyShift).c.id), shift.model_dump(exclude={"id"})
    ).one()
    rows = [DutyAssignment(shift_id=shift_id, place=f"place-{n}", post=post) for n, post in enumerate(posts)]
    connection.execute(insert(table_of(DutyAssignment)), [row.model_dump(exclude={"id"}) for row in rows])


def messages(engine: Engine) -> list[tuple[str, str, str | None]]:
    with reading(engine) as connection:
        asked = select(NOTICES.c.kind, NOTICES.c.recipient, NOTICES.c.subject).order_by(NOTICES.c.id)
        return [tuple(row) for row in connection.execute(asked)]


def test_a_crossing_raises_one_warning_with_evidence_and_its_end_has_evidence_too(engine: Engine, city: City) -> None:
    for hours, level in enumerate((104.0, 105.0, 105.5, 104.9)):
        take(engine, city, "lihe-gauge", hours, level)
        judge(engine, city, hours)
    with reading(engine) as connection:
        (warning,) = open_warnings(connection)
    assert (warning.number, warning.raised_at, warning.calls) == ("YJ20210720-001", NOW + HOUR, False)
    assert warning.evidence["reading"] == 105.0
    assert warning.evidence["rule"]["threshold_name"] == "警戒水位"
    assert [value for _, value in warning.evidence["readings"]] == [104.0, 105.0]
    assert warning.evidence["edition"] == city.edition
    take(engine, city, "lihe-gauge", 4, 104.7)
    (ended,) = judge(engine, city, 4).ended
    assert (ended.ended_at, ended.end_evidence["why"], ended.end_evidence["reading"]) == (
        NOW + 4 * HOUR,
        "cleared",
        104.7,
    )
    assert judge(engine, city, 5).idle
    with reading(engine) as connection:
        events = read_events(connection, "warning:YJ20210720-001")
        assert [event.kind for event in events] == ["warning_raised", "warning_ended"]
        assert broken_stream(connection) is None
        assert warnings_since(connection, NOW + 4 * HOUR) == [ended]


def test_the_people_of_the_open_shift_are_told_once_and_asked_to_say_so(engine: Engine, city: City) -> None:
    with transaction(engine) as connection:
        on_duty(connection, "flood-leader-1", "flood-officer-1")
    take(engine, city, "lihe-gauge", 0, 105.0)
    judge(engine, city)
    judge(engine, city)
    told = [("flood_warning", post, "flood:YJ20210720-001") for post in ("flood-leader-1", "flood-officer-1")]
    assert messages(engine) == told
    with reading(engine) as connection:
        row = connection.execute(select(NOTICES)).first()
    assert row is not None
    assert (row.priority, row.requires_ack) == ("urgent", True)
    assert json.loads(row.facts)["limit_value"] == "105"


def test_without_a_shift_the_administrator_is_told(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 105.0)
    judge(engine, city)
    assert [post for _, post, _ in messages(engine)] == ["admin"]


def test_a_correction_that_undoes_a_crossing_ends_it_and_says_so(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 104.5)
    take(engine, city, "lihe-gauge", 1, 105.2)
    judge(engine, city, 1)
    take(engine, city, "lihe-gauge", 1, 104.6)
    (ended,) = judge(engine, city, 2).ended
    assert (ended.end_evidence["why"], ended.ended_at) == ("corrected", NOW + 2 * HOUR)
    with reading(engine) as connection:
        assert open_warnings(connection) == []


def test_a_correction_of_a_warning_that_is_over_is_noted_with_it(engine: Engine, city: City) -> None:
    for hours, level in enumerate((104.5, 105.2, 104.5)):
        take(engine, city, "lihe-gauge", hours, level)
    judge(engine, city, 2)
    take(engine, city, "lihe-gauge", 1, 104.6)
    assert judge(engine, city, 3).undone == ("YJ20210720-001",)
    with reading(engine) as connection:
        assert [event.kind for event in read_events(connection, "warning:YJ20210720-001")][-1] == "warning_undone"


def test_readings_in_doubt_raise_nothing_and_end_nothing(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 104.0)
    take(engine, city, "lihe-gauge", 1, 119.0)  # a jump
    take(engine, city, "lihe-gauge", 2, 500.0)
    assert judge(engine, city, 2).idle
    take(engine, city, "lihe-gauge", 3, 105.0)
    judge(engine, city, 3)
    take(engine, city, "lihe-gauge", 4, 91.0)
    assert judge(engine, city, 4).idle
    with reading(engine) as connection:
        assert len(open_warnings(connection)) == 1


def test_a_crossing_that_only_late_readings_show_is_recorded_and_told_as_over(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 104.0)
    take(engine, city, "lihe-gauge", 4, 104.0)
    judge(engine, city, 4)
    take(engine, city, "lihe-gauge", 2, 105.5)
    (raised,) = judge(engine, city, 4).raised
    assert (raised.raised_at, raised.ended_at) == (NOW + 2 * HOUR, NOW + 4 * HOUR)
    assert [kind for kind, _, _ in messages(engine)] == ["flood_warning_ended"]


def test_a_threshold_the_city_took_out_ends_its_warning(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 105.0)
    judge(engine, city)
    without = a_water_city(thresholds="\n".join(line for line in THRESHOLDS.split("\n") if "警戒" not in line))
    (ended,) = judge(engine, without, 1).ended
    assert ended.end_evidence["why"] == "withdrawn"


def test_flood_and_drought_stand_side_by_side(engine: Engine, city: City) -> None:
    take(engine, city, "rain-a", 0, 120.0)
    take(engine, city, "soil-a", 0, 45.0)
    take(engine, city, "town-a", 0, 3200.0)
    take(engine, city, "sanku", 0, 90.0, Element.STORAGE)
    judge(engine, city)
    with reading(engine) as connection:
        floods, droughts = (open_warnings(connection, hazard) for hazard in Hazard)
    assert {one.threshold for one in floods} == {"rain_50_in_12h", "rain_100_in_3h"}
    assert {one.threshold for one in droughts} == {"dry_soil", "people_short", "low_storage"}


def test_days_without_rain_raise_a_drought_warning_and_rain_ends_it(sqlite_engine: Engine, city: City) -> None:
    found: list[RaisedWarning] = []
    for hours in range(0, 23 * 24, 12):
        take(sqlite_engine, city, "rain-a", hours + 1, 0.0)
        found += judge(sqlite_engine, city, hours + 1).raised
    (warning,) = found
    assert (warning.threshold, warning.hazard) == ("dry_20_days", Hazard.DROUGHT)
    assert warning.raised_at == NOW + 20 * DAY
    take(sqlite_engine, city, "rain-a", 23 * 24 + 2, 12.0)
    take(sqlite_engine, city, "rain-a", 24 * 24 + 2, 0.0)
    (ended,) = judge(sqlite_engine, city, 24 * 24 + 2).ended
    assert ended.ended_at == NOW + 24 * DAY


def test_a_silent_station_is_told_of_once_until_it_has_spoken(engine: Engine, city: City) -> None:
    take(engine, city, "lihe-gauge", 0, 104.0)
    take(engine, city, "rain-a", 0, 0.0)

    def silent(hours: float) -> list[str]:
        with transaction(engine) as connection:
            recording = Recording(NOW + hours * HOUR, "flow", city.edition)
            return sorted(one.station for one in tell_silent(connection, city, recording))

    assert silent(1.9) == []
    assert silent(2) == ["lihe-gauge", "rain-a"]
    assert silent(2.1) == []
    take(engine, city, "rain-a", 2.5, 0.0)
    assert silent(4.4) == []
    assert silent(4.5) == ["rain-a"]
    assert [(kind, post) for kind, post, _ in messages(engine)] == [("station_silent", "admin")] * 2


def test_a_warning_is_found_by_its_number(sqlite_engine: Engine, city: City) -> None:
    take(sqlite_engine, city, "lihe-gauge", 0, 108.0)
    raised = judge(sqlite_engine, city).raised
    assert [one.threshold for one in raised] == ["warning_stage", "guaranteed_stage"]
    assert [one.calls for one in raised] == [False, True]
    with reading(sqlite_engine) as connection:
        assert warning_numbered(connection, raised[1].number) == raised[1]
        assert warning_numbered(connection, "YJ20210720-999") is None


def test_a_moment_is_told_in_the_citys_zone(sqlite_engine: Engine, city: City) -> None:
    take(sqlite_engine, city, "lihe-gauge", 17, 105.0)  # 01:00 of the 21st
    (raised,) = judge(sqlite_engine, city, 17).raised
    assert raised.number == "YJ20210721-001"
    assert isinstance(raised.raised_at, datetime)
