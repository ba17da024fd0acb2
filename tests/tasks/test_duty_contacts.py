"""Before the season the administrator hears daily which contact points of the duty room's people are untested."""

import json
from datetime import datetime

import pytest
from sqlalchemy import Engine, select

from tasks.channel_outcomes import Sent
from tasks.contact_tests import record_test
from tasks.database import transaction
from tasks.duty_contacts import tell_of_untested
from tasks.subject_notices import NOTICES
from tests.flood_cities import CADRES, LEADERS, OFFICERS, a_flood_city
from tests.stored_cases import at, rows_of

CITY = a_flood_city()
POOL = (*LEADERS, *CADRES, *OFFICERS)


def tells(engine: Engine, moment: str) -> int:
    with transaction(engine) as connection:
        return tell_of_untested(connection, CITY, at(moment))


def all_tested_but(engine: Engine, left: int, when: datetime) -> None:
    mine = [point for point in CITY.contact_points if point.post in POOL]
    with transaction(engine) as connection:
        for point in mine[left:]:
            record_test(connection, point, Sent(True, "ok"), "admin", when)


def test_told_daily_from_the_first_of_april_until_the_season_begins_and_once_a_day(engine: Engine) -> None:
    told = {
        moment: tells(engine, moment)
        for moment in ("2021-03-31 23:00", "2021-04-01 00:00", "2021-04-01 09:00", "2021-04-02 00:00")
    }
    assert list(told.values()) == [0, 1, 0, 1]
    assert (tells(engine, "2021-05-14 08:00"), tells(engine, "2021-05-15 08:00")) == (1, 0)


def test_the_message_counts_and_names_what_was_not_tested_this_year(engine: Engine) -> None:
    all_tested_but(engine, 0, at("2020-04-10 09:00"))
    all_tested_but(engine, 2, at("2021-04-02 09:00"))
    tells(engine, "2021-04-03 08:00")
    (row,) = rows_of(engine, select(NOTICES))
    facts = json.loads(row.facts)
    assert (row.recipient, facts["count"], facts["ends_on"]) == ("admin", 2, "2021-04-20")
    assert [line["order"] for line in facts["contacts"]] == [1, 1]


def test_where_all_are_tested_nobody_is_told(engine: Engine) -> None:
    all_tested_but(engine, 0, at("2021-04-02 09:00"))
    assert tells(engine, "2021-04-03 08:00") == 0


@pytest.mark.parametrize("ok", [True, False])
def test_a_test_that_failed_is_none(sqlite_engine: Engine, ok: bool) -> None:
    with transaction(sqlite_engine) as connection:
        for point in CITY.contact_points:
            record_test(connection, point, Sent(ok, "ok" if ok else "http_error"), "admin", at("2021-04-02 09:00"))
    assert tells(sqlite_engine, "2021-04-03 08:00") == (0 if ok else 1)
