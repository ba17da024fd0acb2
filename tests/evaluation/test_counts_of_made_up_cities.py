"""In whatever way cases live, the counts by SQL are those that pandas finds in the raw events, for every cut."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, select
from sqlalchemy.pool import StaticPool

from models.city import City
from models.evaluation_counts import BY_NAME, CountName, line_of
from models.evaluation_marks import Cut, Statistic
from models.frozen_parts import digest_of, unpack
from models.lifecycle_events import replay
from models.tables import all_tables
from models.told_facts import told_rows
from tasks.case_facts import FACTS, MONTHS
from tasks.counted_marks import Period
from tasks.database import transaction
from tasks.evaluation_counts import count
from tasks.month_facts import SHOWN, read_month
from tests.evaluation.made_up import a_made_up_city, before_any_event, last_moment
from tests.evaluation.second_way import Story, count_again, pieces
from tests.models.test_lifecycle_properties import CALENDARS, POLICIES, a_city

pytestmark = pytest.mark.untraced

U = Cut
CUTS: tuple[tuple[Cut, ...], ...] = (
    *((), (U.UNIT,), (U.GROUP,), (U.AREA,), (U.GRID,), (U.CLASS,), (U.SOURCE,), (U.POST,)),
    *((U.UNIT, U.CLASS), (U.GROUP, U.SOURCE, U.GRID), (U.POST, U.AREA)),
)
PERIODS = (
    ("2019-05-01", "2019-06-01"),
    ("2019-06-01", "2019-07-01"),
    ("2019-05-20", "2019-06-03"),
    ("2019-07-01", "2020-07-01"),
)


def a_period(start: str, end: str, city: City) -> Period:
    return Period(*(datetime.fromisoformat(text).replace(tzinfo=city.zone) for text in (start, end)))


def by_sql(connection: Connection, city: City, period: Period, cuts: Sequence[Cut], now: datetime) -> dict[Any, Any]:
    """What `count` finds, without zeros."""
    lines = count(connection, city, period, cuts, now=now).lines
    return {
        value: {
            statistic.value: found
            for statistic in Statistic
            if (found := {name.value: number for name, number in line.of(statistic).items() if number})
        }
        for value, line in lines.items()
    }


def assert_both_ways_agree(
    connection: Connection,
    city: City,
    stories: Sequence[Story],
    periods: Sequence[tuple[str, str]],
    many: Sequence[tuple[Cut, ...]],
) -> None:
    now = last_moment(stories)
    found = pieces(stories, city, now)
    for start, end in periods:
        period = a_period(start, end, city)
        for cuts in many:
            names = [cut.value for cut in cuts]
            again = count_again(found, period.start, min(period.end, now), names)
            assert by_sql(connection, city, period, cuts, now) == again, (start, end, names)


def assert_one_reading_says_what_counting_says(
    connection: Connection, city: City, period: Period, now: datetime
) -> None:
    """By unit and class, by area and source, of each day, and from the cases behind each unit's counts."""
    month = read_month(connection, city, period, now=now)
    assert month.by_unit_and_class == count(connection, city, period, (U.UNIT, U.CLASS), now=now)
    shown = [BY_NAME[CountName(name)] for name in SHOWN]
    assert month.by_area_and_source == count(connection, city, period, (U.AREA, U.SOURCE), now=now, only=shown)
    units = count(connection, city, period, (U.UNIT,), now=now).lines
    behind = {one.unit: list(unpack(one.packed)) for one in month.behind}
    assert {
        (unit or None,): line_of(Counter(part.marks for part in parts).items()) for unit, parts in behind.items()
    } == units
    assert all(parts == sorted(parts) for parts in behind.values())
    assert month.behind_digest == digest_of((one.unit, one.packed) for one in month.behind)
    end = min(period.end, now)
    assert len(month.by_day) == max(0, -(-(end - period.start) // timedelta(days=1)))
    for text, told in month.by_day.items():
        day = datetime.fromisoformat(text).replace(tzinfo=city.zone)
        found = count(connection, city, Period(day, min(day + timedelta(days=1), end)), now=now).total.workload
        assert told == {name: found[CountName(name)] for name in ("reported", "filed", "closed")}, text


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    """A database in memory, for many small cities."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    all_tables().create_all(engine)
    yield engine
    engine.dispose()


def assert_facts_are_told_alike(connection: Connection, stories: Sequence[Story], city: City) -> None:
    """What the visits wrote one after the other is what the whole story tells at once."""
    stored = {(row.case_id, row.round, row.part): row._asdict() for row in connection.execute(select(FACTS))}
    months = {tuple(row) for row in connection.execute(select(MONTHS))}
    calendars = {a_city(n, m).calendar_edition: a_city(n, m).calendar for n in (0,) for m in range(len(CALENDARS))}
    calendars[city.calendar_edition] = city.calendar
    for case, events in stories:
        told = replay(before_any_event(case, events), events, calendars.__getitem__)
        assert told.facts is not None
        rows = told_rows(told.facts)
        for (number, part), row in rows.items():
            expected = {"case_id": case.id, "round": number, "part": part, **row}
            assert stored.pop((case.id, number, part)) == expected
        months -= {(month, case.id) for month in told.facts.months}
    assert (stored, months) == ({}, set())


@settings(max_examples=20, derandomize=True, deadline=None, database=None)
@given(seed=st.integers(0, 2**32), policy=st.integers(0, len(POLICIES) - 1))
def test_both_ways_agree_however_cases_live(memory: Engine, seed: int, policy: int) -> None:
    with memory.connect() as connection:
        stories, city = a_made_up_city(connection, seed, cases=5, policy=policy), a_city(policy)
        assert_facts_are_told_alike(connection, stories, city)
        chosen = Random(seed)
        assert_both_ways_agree(connection, city, stories, chosen.sample(PERIODS, 1), chosen.sample(CUTS, 2))
        period = a_period(*PERIODS[2], city)
        # Also as it stood on a day before its end, in the middle of an hour.
        now = period.start + timedelta(hours=chosen.randrange(400), minutes=37)
        assert_one_reading_says_what_counting_says(connection, city, period, now)
        connection.rollback()


def test_both_ways_agree_for_every_cut_on_both_databases(engine: Engine) -> None:
    with transaction(engine) as connection:
        stories = a_made_up_city(connection, seed=2019, cases=40, policy=0)
        assert_facts_are_told_alike(connection, stories, a_city(0))
        assert_both_ways_agree(connection, a_city(0), stories, PERIODS[:1], CUTS)
        assert_both_ways_agree(connection, a_city(0), stories, PERIODS[1:], CUTS[:1])
        for period in (a_period(*each, a_city(0)) for each in PERIODS[:3]):
            assert_one_reading_says_what_counting_says(connection, a_city(0), period, last_moment(stories))
