"""The demo has a roster in force from the first start on: of the season, or of the four weeks at hand."""

from datetime import date

import pytest
from sqlalchemy import Engine

from deployments.demo_roster import publish_first_roster
from models.duty import RosterState
from tasks.database import reading
from tasks.roster_reading import list_rosters
from tests.cities import SMALL_CITY
from tests.rosters import flood_city_in
from tests.stored_cases import at


@pytest.mark.parametrize(
    ("now", "first", "last"),
    [
        ("2021-09-01 10:00", date(2021, 9, 1), date(2021, 9, 30)),
        ("2021-12-01 10:00", date(2021, 12, 1), date(2021, 12, 28)),
    ],
)
def test_the_days_at_hand_are_published_once(sqlite_engine: Engine, now: str, first: date, last: date) -> None:
    city = flood_city_in(sqlite_engine)
    for _ in range(2):
        publish_first_roster(sqlite_engine, city, at(now))
    with reading(sqlite_engine) as connection:
        (roster,) = list_rosters(connection)
    assert (roster.first_day, roster.last_day, roster.state) == (first, last, RosterState.PUBLISHED)


def test_a_city_without_a_duty_room_has_none(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine, SMALL_CITY)
    publish_first_roster(sqlite_engine, city, at("2021-09-01 10:00"))
    with reading(sqlite_engine) as connection:
        assert list_rosters(connection) == []
