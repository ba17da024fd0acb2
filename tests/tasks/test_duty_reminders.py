"""Everybody hears of tomorrow's shift at the city's hour and of next week's on Sunday, each once."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import Engine, select

from models.city import City
from tasks.database import reading, transaction
from tasks.duty_reminders import Reminded, remind_of_duty
from tasks.rendering import render
from tests.flood_cities import FLOOD_CITY
from tests.rosters import FOUR_WEEKS, flood_city_in, published
from tests.stored_cases import at, rows_of
from tests.tasks.test_rosters import NOTICES

Reminding = Callable[[datetime], Reminded]


@pytest.fixture
def city(engine: Engine) -> City:
    city = flood_city_in(engine)
    published(engine, city, *FOUR_WEEKS)
    return city


def reminded(engine: Engine, city: City, now: datetime) -> Reminded:
    with transaction(engine) as connection:
        return remind_of_duty(connection, city, now)


def test_the_three_of_tomorrow_are_told_from_the_citys_hour_on_and_only_once(engine: Engine, city: City) -> None:
    monday = "2021-07-12"
    assert reminded(engine, city, at(f"{monday} 15:59")) == Reminded(0, 0, 0)
    assert reminded(engine, city, at(f"{monday} 16:05")) == Reminded(3, 0, 0)
    assert reminded(engine, city, at(f"{monday} 16:05")) == Reminded(0, 0, 0)
    assert reminded(engine, city, at(f"{monday} 21:05")) == Reminded(0, 0, 0)
    rows = rows_of(engine, select(NOTICES).where(NOTICES.c.kind == "roster_day_before"))
    leader, officer = (next(row for row in rows if word in row.recipient) for word in ("leader", "officer"))
    said = render("roster_day_before", json.loads(leader.facts), "zh", city.zone)  # type: ignore[arg-type]
    assert said.title == "【明日值班】2021年7月13日（周二）08:00，带班领导"
    assert "随时能到岗" in said.body
    assert f"同班：值班员，{city.posts[officer.recipient].name}" in said.body
    assert "到值班室接班并签到" in render("roster_day_before", json.loads(officer.facts), "zh", city.zone).body  # type: ignore[arg-type]
    assert leader.subject == f"duty:{leader.recipient}"


def test_a_visit_that_comes_late_still_tells_the_same_day(engine: Engine, city: City) -> None:
    assert reminded(engine, city, at("2021-07-12 20:05")).day_before == 3


def test_on_sunday_the_week_ahead_is_told_to_everybody_in_it(engine: Engine, city: City) -> None:
    sunday = at("2021-07-11 16:05")
    told = reminded(engine, city, sunday)
    assert told.day_before == 3
    rows = rows_of(engine, select(NOTICES).where(NOTICES.c.kind == "roster_week"))
    assert told.week_ahead == len(rows) > 8
    facts = [json.loads(row.facts) for row in rows]
    assert sum(fact["count"] for fact in facts) == 21
    assert {shift["starts_at"][:10] for fact in facts for shift in fact["shifts"]} == {
        f"2021-07-{day}" for day in range(12, 19)
    }
    assert reminded(engine, city, sunday) == Reminded(0, 0, 0)


def test_the_hours_are_the_citys_own(sqlite_engine: Engine) -> None:
    own = FLOOD_CITY["duty.yaml"] + 'reminders: {day_before: "18:00", week_ahead: "09:00", week_ahead_on: friday}\n'
    city = flood_city_in(sqlite_engine, {**FLOOD_CITY, "duty.yaml": own})
    published(sqlite_engine, city, *FOUR_WEEKS)
    friday = "2021-07-09"
    assert reminded(sqlite_engine, city, at(f"{friday} 09:05")).week_ahead > 0
    assert reminded(sqlite_engine, city, at(f"{friday} 17:05")).day_before == 0
    assert reminded(sqlite_engine, city, at(f"{friday} 18:05")).day_before == 3


def test_a_proposal_reminds_nobody_and_a_city_without_a_duty_room_has_nobody(sqlite_engine: Engine) -> None:
    city = flood_city_in(sqlite_engine)
    assert reminded(sqlite_engine, city, at("2021-07-11 16:05")) == Reminded(0, 0, 0)
    bare = flood_city_in(
        sqlite_engine, {name: text for name, text in FLOOD_CITY.items() if not name.startswith("duty")}
    )
    assert reminded(sqlite_engine, bare, at("2021-07-11 16:05")) == Reminded(0, 0, 0)
    with reading(sqlite_engine) as connection:
        assert connection.execute(select(NOTICES)).first() is None
