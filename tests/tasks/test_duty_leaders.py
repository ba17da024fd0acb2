"""Who is on duty is read in one way: who came counts, whether on time, late, or in somebody's stead."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models.city import City
from models.flood_rules import People
from tasks.database import reading, transaction
from tasks.duty_absence import climb_absences
from tasks.duty_leaders import duty_leaders, posts_on_duty
from tasks.duty_shift import hand_over_shifts
from tasks.duty_shifts import shift_coded
from tasks.duty_sign_in import SignedIn, called_backups, sign_in, sign_in_instead
from tasks.flood_people import people_meant
from tests.duty_rows import FIRST, acting, by_rule, write_shifts
from tests.flood_cities import CADRES, LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at

CITY = a_flood_city()
START = at("2021-07-20 08:00")
CODE = "2021-07-20T08:00"


def minutes(count: int) -> timedelta:
    return timedelta(minutes=count)


@pytest.fixture
def opened(engine: Engine) -> Engine:
    """A shift that has begun, in which nobody has signed in."""
    write_shifts(engine, START)
    hand_over_shifts(engine, CITY, by_rule(START, CITY))
    return engine


def watches_until(engine: Engine, last: int) -> None:
    for minute in range(last + 1):
        with transaction(engine) as connection:
            climb_absences(connection, CITY, by_rule(START + minutes(minute), CITY))


def leaders(engine: Engine, minute: int, city: City = CITY) -> tuple[str, ...]:
    with reading(engine) as connection:
        return duty_leaders(connection, city, START + minutes(minute))


def test_a_leader_who_comes_after_the_vacancy_leads(opened: Engine) -> None:
    watches_until(opened, 30)
    assert leaders(opened, 31) == tuple(LEADERS), "nobody came: everybody who may lead"
    with transaction(opened) as connection:
        came = sign_in(connection, acting(CITY, FIRST["leader"], START + minutes(40)), CODE, "leader")
    assert isinstance(came, SignedIn)
    assert leaders(opened, 41) == (LEADERS[0],)


def test_a_backup_who_came_hears_of_warnings_and_holds_the_place(opened: Engine) -> None:
    watches_until(opened, 15)
    with transaction(opened) as connection:
        shift = shift_coded(connection, CITY, CODE)
        assert shift
        (backup,) = called_backups(connection, shift)["officer"]
        came = sign_in_instead(connection, acting(CITY, backup, START + minutes(16)), CODE, "officer")
    assert isinstance(came, SignedIn)
    now = START + minutes(17)
    with reading(opened) as connection:
        assert set(posts_on_duty(connection, CITY, now)) == {LEADERS[0], CADRES[0], backup}
        assert people_meant(connection, CITY, People(places=("officer",)), now) == (backup,)


def test_a_leader_who_left_the_directory_is_no_dead_end(opened: Engine) -> None:
    posts = {code: post for code, post in CITY.posts.items() if code != LEADERS[0]}
    assert leaders(opened, 1, replace(CITY, posts=posts))


def test_the_roster_counts_also_before_the_engine_has_opened_the_shift(engine: Engine) -> None:
    write_shifts(engine, START)
    with reading(engine) as connection:
        assert posts_on_duty(connection, CITY, START + minutes(1)) == (LEADERS[0], CADRES[0], OFFICERS[0])
        assert posts_on_duty(connection, CITY, START - minutes(1)) == ("admin",)
