"""Signals of the weather office: one a place and kind at a time, upgraded, reissued, cancelled, each told once."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from models.city import City
from models.flood_event import Recording
from models.flood_warning import Hazard, Severity
from models.notice import Notice
from models.refusal import Refusal
from models.tables import table_of
from tasks.database import reading, transaction
from tasks.flood_events import read_events
from tasks.signals import Signal, SignalKind, SignalOutcome, cancel_signal, issue_signal
from tasks.warnings import open_warnings
from tests.replayed import at
from tests.water_cities import a_water_city

NOW = at("2022-07-25 18:40")
HOUR = timedelta(hours=1)
TOWN = "410184101"
BY = "flood-officer-1"


@pytest.fixture
def city() -> City:
    return a_water_city()


def issue(
    engine: Engine, city: City, colour: str, hours: float = 0, areas: tuple[str, ...] = (TOWN,), drill: bool = False
) -> list[SignalOutcome]:
    now = NOW + hours * HOUR
    signal = Signal(SignalKind.RAINSTORM, Severity(colour), areas, now, "预计降雨", drill)
    with transaction(engine) as connection:
        found = issue_signal(connection, city, signal, Recording(now, "desk", city.edition), BY)
    assert not isinstance(found, Refusal)
    return found


def test_another_colour_takes_the_place_of_the_former_and_calls_from_orange_on(engine: Engine, city: City) -> None:
    results = [
        (one.result, one.former, one.warning.calls)
        for hours, colour in enumerate(("blue", "orange", "yellow"))
        for one in issue(engine, city, colour, hours)
    ]
    assert results == [
        ("issued", None, False),
        ("upgraded", "YJ20220725-001", True),
        ("downgraded", "YJ20220725-002", False),
    ]
    with reading(engine) as connection:
        (lasting,) = open_warnings(connection)
        former = read_events(connection, "warning:YJ20220725-001")
        kinds = list(connection.scalars(select(table_of(Notice).c.kind)))
    assert lasting.severity is Severity.YELLOW
    assert former[-1].facts["evidence"]["why"] == "upgraded"
    assert kinds == ["flood_warning"] * 3  # whoever hears of the new one needs no word of the old one


def test_the_same_colour_is_recorded_with_it_and_the_very_same_signal_only_once(engine: Engine, city: City) -> None:
    assert [issue(engine, city, "red", hours)[0].result for hours in (0, 0, 1, 1)] == [
        *("issued", "repeated", "reissued", "repeated"),
    ]
    with reading(engine) as connection:
        assert [event.kind for event in read_events(connection, "warning:YJ20220725-001")] == [
            *("warning_raised", "signal_reissued"),
        ]


def test_a_signal_is_cancelled_where_one_lasts_and_refused_where_none_does(engine: Engine, city: City) -> None:
    issue(engine, city, "yellow", areas=(TOWN, "410184"))
    recording = Recording(NOW + HOUR, "desk", city.edition)
    with transaction(engine) as connection:
        done = cancel_signal(connection, city, SignalKind.RAINSTORM, [TOWN], NOW + HOUR, recording, BY)
        again = cancel_signal(connection, city, SignalKind.RAINSTORM, [TOWN], NOW + HOUR, recording, BY)
        left = open_warnings(connection)
    assert isinstance(done, list)
    assert done[0].warning.end_evidence["why"] == "cancelled"
    assert isinstance(again, Refusal)
    assert again.code == "no_signal_lasts"
    assert [one.area for one in left] == ["410184"]


def test_a_drill_has_numbers_of_its_own_and_stands_apart(engine: Engine, city: City) -> None:
    issue(engine, city, "red")
    (drill,) = issue(engine, city, "red", drill=True)
    assert drill.warning.number == "YL20220725-001"
    with reading(engine) as connection:
        assert [one.number for one in open_warnings(connection)] == ["YJ20220725-001"]
        assert [one.number for one in open_warnings(connection, drill=True)] == ["YL20220725-001"]
        assert open_warnings(connection, Hazard.DROUGHT) == []


@pytest.mark.parametrize(
    ("areas", "hours", "code"), [(("999999",), 0, "unknown_area"), ((TOWN,), 2, "signal_from_future")]
)
def test_a_signal_that_cannot_be_is_refused(
    sqlite_engine: Engine, city: City, areas: tuple[str, ...], hours: int, code: str
) -> None:
    signal = Signal(SignalKind.RAINSTORM, Severity.RED, areas, NOW + hours * HOUR)
    with transaction(sqlite_engine) as connection:
        found = issue_signal(connection, city, signal, Recording(NOW, "desk"), BY)
    assert isinstance(found, Refusal)
    assert found.code == code
